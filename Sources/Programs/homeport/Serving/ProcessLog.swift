internal import Logging
internal import ServerKit

/// The one log of the process. Commands log warnings only, until the server says otherwise.
enum ProcessLog {
    private static let manner = LogManner(level: .warning, format: .text)

    /// To be called once, before anything logs.
    static func begin() { LoggingSystem.bootstrap { LineLog(label: $0, manner: manner) } }

    /// Counts for every line from now on.
    static func use(_ settings: LogSettings) { manner.become(level: settings.level, format: settings.format) }
}
