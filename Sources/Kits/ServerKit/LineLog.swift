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

    /// That of the manner, until this log is given one of its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? manner.level }
        set { ownLevel = newValue }
    }
    package var metadata: Logger.Metadata = [:]

    private let label: String
    private let manner: LogManner
    private var ownLevel: Logger.Level?
    private let descriptor: CInt

    /// - Parameters:
    ///   - manner: what many logs share, and what may change while they write.
    ///   - descriptor: where lines go, standard error by default; each line is one `write`.
    package init(label: String, manner: LogManner, descriptor: CInt = 2) {
        self.label = label
        self.manner = manner
        self.descriptor = descriptor
    }

    package init(label: String, level: Logger.Level, format: Format, descriptor: CInt = 2) {
        self.init(label: label, manner: LogManner(level: level, format: format), descriptor: descriptor)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = event.metadata ?? [:]
        for (key, value) in metadata where fields[key] == nil { fields[key] = value }
        var line = LineBuffer()
        switch manner.format {
        case .text: text(event, fields, to: &line)
        case .json: json(event, fields, to: &line)
        }
        line.raw("\n")
        // A log that cannot be written must not stop the server.
        _ = line.bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    private func text(_ event: LogEvent, _ fields: Logger.Metadata, to line: inout LineBuffer) {
        line.raw(Timestamp.now())
        line.raw(" ")
        line.raw(event.level.rawValue)
        line.raw(" ")
        line.raw(label)
        line.raw(" ")
        line.escaped("\(event.message)", quotes: false)
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line.raw(" ")
            line.raw(key)
            line.raw("=")
            line.field(value.text)
        }
    }

    private func json(_ event: LogEvent, _ fields: Logger.Metadata, to line: inout LineBuffer) {
        line.raw("{\"time\":\"")
        line.raw(Timestamp.now())
        line.raw("\",\"level\":\"")
        line.raw(event.level.rawValue)
        line.raw("\",\"label\":")
        line.quoted(label)
        line.raw(",\"message\":")
        line.quoted("\(event.message)")
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line.raw(",")
            line.quoted(key)
            line.raw(":")
            line.quoted(value.text)
        }
        line.raw("}")
    }
}

/// How logs are written, and what is left out of them; it may change while they are.
package final class LogManner: Sendable {
    /// The place of the level among all of them, twice, and one more for JSON: read at every line, without a lock.
    private let value: Atomic<Int>

    package init(level: Logger.Level, format: LineLog.Format) {
        value = Atomic(Self.number(level, format))
    }

    package var level: Logger.Level { Logger.Level.allCases[value.load(ordering: .relaxed) >> 1] }
    package var format: LineLog.Format { value.load(ordering: .relaxed) & 1 == 0 ? .text : .json }

    /// Counts for every line from now on.
    package func become(level: Logger.Level, format: LineLog.Format) {
        value.store(Self.number(level, format), ordering: .relaxed)
    }

    private static func number(_ level: Logger.Level, _ format: LineLog.Format) -> Int {
        let place = Logger.Level.allCases.firstIndex(of: level) ?? 0
        return place << 1 | (format == .json ? 1 : 0)
    }
}

extension Logger.MetadataValue {
    fileprivate var text: String { if case .string(let text) = self { text } else { "\(self)" } }
}

/// A line that grows, and how values are kept inside their field.
private struct LineBuffer {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func field(_ text: String) {
        let isPlain = text.utf8.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
                && $0 != UInt8(ascii: "\\")
        }
        if isPlain && !text.isEmpty { raw(text) } else { quoted(text) }
    }

    mutating func quoted(_ text: String) {
        raw("\"")
        escaped(text, quotes: true)
        raw("\"")
    }

    mutating func escaped(_ text: String, quotes: Bool) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"" where quotes: raw("\\\"")
            case "\\" where quotes: raw("\\\\")
            case "\n": raw("\\n")
            case "\r": raw("\\r")
            case "\t": raw("\\t")
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028
                    || scalar.value == 0x2029
                {
                    let hex = String(scalar.value, radix: 16)
                    raw("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
                } else {
                    bytes.append(contentsOf: scalar.utf8)
                }
            }
        }
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
