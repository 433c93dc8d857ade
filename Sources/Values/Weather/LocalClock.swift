package import FoundationEssentials

/// The clock on the wall of a place, over a stretch of time: which offset from UTC holds from when.
///
/// It is a value made from zone data, so that what is derived with it needs no zone data itself.
package struct LocalClock: Hashable, Sendable {
    /// An offset, and the moment from which it holds.
    package struct Span: Hashable, Sendable {
        package let from: Date
        /// Seconds to add to UTC.
        package let offset: Int
        /// `CEST`.
        package let abbreviation: String

        package init(from: Date, offset: Int, abbreviation: String) {
            self.from = from
            self.offset = offset
            self.abbreviation = abbreviation
        }
    }

    /// In order of time; the first also holds for all time before it.
    package let spans: [Span]

    /// - Parameter spans: at least one, in order of time.
    package init(spans: [Span]) {
        precondition(!spans.isEmpty)
        self.spans = spans
    }

    /// A clock that never changes, such as UTC.
    package static func fixed(offset: Int, abbreviation: String) -> LocalClock {
        LocalClock(spans: [Span(from: .distantPast, offset: offset, abbreviation: abbreviation)])
    }

    package static let utc = fixed(offset: 0, abbreviation: "UTC")

    package func span(at moment: Date) -> Span { spans[index(at: moment)] }

    /// Seconds to add to UTC at a moment.
    package func offset(at moment: Date) -> Int { spans[index(at: moment)].offset }

    private func index(at moment: Date) -> Int {
        var index = spans.count - 1
        while index > 0, spans[index].from > moment { index -= 1 }
        return index
    }

    /// What the clock shows at a moment.
    package func civil(at moment: Date) -> CivilTime {
        let seconds = Int(moment.timeIntervalSince1970.rounded(.down)) + offset(at: moment)
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        return CivilTime(date: CivilDate(number: day), minuteOfDay: (seconds - day * 86_400) / 60)
    }

    package func date(at moment: Date) -> CivilDate { civil(at: moment).date }

    /// The moment at which the clock shows `minuteOfDay` on `date`.
    ///
    /// The earlier one when the clock shows it twice; when it skips it, the moment of the skip (so that a day
    /// begins where it begins even when its midnight is missing).
    package func moment(_ date: CivilDate, minuteOfDay: Int = 0) -> Date {
        let wanted = Double(date.number * 86_400 + minuteOfDay * 60)
        for (index, span) in spans.enumerated() {
            let moment = Date(timeIntervalSince1970: wanted - Double(span.offset))
            let end = index + 1 < spans.count ? spans[index + 1].from : .distantFuture
            guard moment < end else { continue }
            return index == 0 ? moment : max(moment, span.from)
        }
        return Date(timeIntervalSince1970: wanted - Double(spans[spans.count - 1].offset))
    }

    /// The first and last moment (exclusive) of a day: 23, 24 or 25 hours, and in a few zones others.
    package func interval(of date: CivilDate) -> Range<Date> {
        let start = moment(date)
        return start..<max(start, moment(date.adding(days: 1)))
    }
}
