internal import Logging
internal import ServerKit
internal import Synchronization

/// The one log of the process. Commands log warnings only, until the server says otherwise.
enum ProcessLog {
    private static let settings = Mutex(LogSettings(level: .warning, format: .text))

    /// To be called once, before anything logs.
    static func begin() {
        LoggingSystem.bootstrap { label in
            let settings = settings.withLock { $0 }
            return LineLog(label: label, level: settings.level, format: settings.format)
        }
    }

    /// Counts for loggers made from now on.
    static func use(_ settings: LogSettings) { Self.settings.withLock { $0 = settings } }
}
