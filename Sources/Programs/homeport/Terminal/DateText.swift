internal import FoundationEssentials

/// Moments as people write them, and how they are printed: RFC 3339 in UTC.
enum DateText {
    static let form =
        "a date such as 2027-01-31 (UTC), a time such as 2027-01-31T12:00:00Z, or a span from now such as 90d"

    /// What a date without a time means.
    enum Edge {
        /// The moment the day begins.
        case beginning
        /// The last second of the day.
        case end
    }

    /// Reads a moment; nil for a text of another form or a day that does not exist.
    static func parse(_ text: String, edge: Edge = .beginning, now: Date) -> Date? {
        if let span = DurationText.parse(text) {
            return now.addingTimeInterval(Double(span.components.seconds))
        }
        if text.utf8.count == 10 {
            guard let day = try? Date(text + "T00:00:00Z", strategy: .iso8601), show(day).hasPrefix(text)
            else {
                return nil
            }
            return edge == .beginning ? day : day.addingTimeInterval(86_399)
        }
        return try? Date(text, strategy: .iso8601)
    }

    static let pastForm =
        "a date such as 2026-12-31 (its end, UTC), a time such as 2026-12-31T12:00:00Z, or how long ago, such as 2h"

    /// Reads a moment of the past; nil as `parse` does.
    static func parsePast(_ text: String, now: Date) -> Date? {
        if let span = DurationText.parse(text) {
            return now.addingTimeInterval(-TimeInterval(milliseconds: span))
        }
        return parse(text, edge: .end, now: now)
    }

    static func show(_ date: Date) -> String { date.formatted(.iso8601) }

    /// Nothing as an empty cell.
    static func show(_ date: Date?) -> String { date.map { show($0) } ?? "" }
}
