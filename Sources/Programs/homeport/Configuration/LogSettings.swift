internal import Logging
internal import ServerKit

/// `log:` what is written to standard error, and how.
struct LogSettings: ConfigurationSection {
    var level = Logger.Level.info
    var format = LineLog.Format.text

    static var keys: [Key<Self>] {
        [
            .value("level", \.level, .choice),
            .value("format", \.format, .choice),
        ]
    }
}
