import Foundation
package import Logging
import Synchronization

/// Writes each log entry as one line to a file descriptor: `2026-11-23T19:30:00.123Z warning
/// homeport.accounts sign-in failed account=alice client=192.0.2.7`, or the same as JSON.
///
/// A value that is not plain is quoted with its quotes, backslashes and control characters escaped, so that
/// no name a client chooses can forge a line or a field.
package struct LineLog: LogHandler {
    package enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]

    private let label: String
    private let format: Format
    private let descriptor: CInt

    /// - Parameter descriptor: where lines go, standard error by default; each line is one `write`.
    package init(label: String, level: Logger.Level, format: Format, descriptor: CInt = 2) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.descriptor = descriptor
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = event.metadata ?? [:]
        for (key, value) in metadata where fields[key] == nil { fields[key] = value }
        let now = Timestamp.now()
        var line =
            switch format {
            case .text: text(now, event.level, "\(event.message)", fields)
            case .json: json(now, event.level, "\(event.message)", fields)
            }
        line.append("\n")
        line.withUTF8 { bytes in
            // A log that cannot be written must not stop the server.
            _ = write(descriptor, bytes.baseAddress, bytes.count)
        }
    }

    private func text(
        _ time: String, _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata
    ) -> String {
        var line = "\(time) \(level.rawValue) \(label) \(Escape.controls(message))"
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += " \(key)=\(Escape.field("\(value)"))"
        }
        return line
    }

    private func json(
        _ time: String, _ level: Logger.Level, _ message: String, _ fields: Logger.Metadata
    ) -> String {
        var line = "{\"time\":\"\(time)\",\"level\":\"\(level.rawValue)\",\"label\":\(Escape.quoted(label))"
        line += ",\"message\":\(Escape.quoted(message))"
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += ",\(Escape.quoted(key)):\(Escape.quoted("\(value)"))"
        }
        return line + "}"
    }
}

/// How values are kept inside their field.
private enum Escape {
    static func field(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
                && $0 != UInt8(ascii: "\\")
        }
        return isPlain && !text.isEmpty ? text : quoted(text)
    }

    static func quoted(_ text: String) -> String { "\"\(escaped(text, quotes: true))\"" }

    static func controls(_ text: String) -> String { escaped(text, quotes: false) }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"" where quotes: result += "\\\""
            case "\\" where quotes: result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028
                    || scalar.value == 0x2029
                {
                    let hex = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }
}

/// The time of a line, RFC 3339 in UTC with milliseconds. The part up to the second is made once a second.
private enum Timestamp {
    private static let last = Mutex<(second: Int, text: String)>((-1, ""))

    static func now() -> String {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let head = last.withLock { last in
            if last.second != time.tv_sec { last = (time.tv_sec, civil(time.tv_sec)) }
            return last.text
        }
        let milliseconds = String(time.tv_nsec / 1_000_000)
        return head + "." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds + "Z"
    }

    private static func civil(_ second: Int) -> String {
        var (second, parts) = (time_t(second), tm())
        gmtime_r(&second, &parts)
        func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
            + "T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }
}
