/// The history and the future of one time zone, read from the bytes of a TZif file (RFC 9636).
///
/// Unlike Foundation's `TimeZone` it knows the abbreviations in use (`CEST`), and lists transitions, which is
/// what a VTIMEZONE is made of. Times are seconds since 1970-01-01T00:00:00Z, offsets seconds east of
/// Greenwich.
package struct ZoneData: Hashable, Sendable {
    /// What a clock in the zone shows during some stretch of time.
    package struct LocalType: Hashable, Sendable {
        /// Seconds to add to UTC.
        package let offset: Int
        /// What the file says; in Dublin it is winter that is marked.
        package let isDaylight: Bool
        /// `CET`, or for zones without letters `+0545`.
        package let abbreviation: String

        package init(offset: Int, isDaylight: Bool, abbreviation: String) {
            self.offset = offset
            self.isDaylight = isDaylight
            self.abbreviation = abbreviation
        }
    }

    /// The moment at which the clocks of the zone change.
    package struct Transition: Hashable, Sendable {
        package let at: Int
        package let before: LocalType
        package let after: LocalType

        package init(at: Int, before: LocalType, after: LocalType) {
            self.at = at
            self.before = before
            self.after = after
        }
    }

    /// The identifier, `Europe/Berlin`.
    package let name: String
    /// What holds before the first transition.
    let first: LocalType
    /// The transitions the file lists, in order of time.
    let listed: [Transition]
    /// What holds after the last listed transition, when the file says so.
    let rule: ZoneRule?

    /// What the zone's clocks show at a moment.
    package func type(at moment: Int) -> LocalType {
        if let last = listed.last, moment >= last.at {
            return rule?.type(at: moment) ?? last.after
        }
        guard !listed.isEmpty else { return rule?.type(at: moment) ?? first }
        return listed[..<firstIndex(after: moment)].last?.after ?? first
    }

    /// The changes in `from..<to`, in order of time; the ones a rule foretells as well as the ones listed.
    ///
    /// At most 200 years are looked at, counted from `from`.
    package func transitions(from: Int, to: Int) -> [Transition] {
        guard from < to else { return [] }
        let end = min(to, from + 200 * 366 * 86_400)
        var found = listed.filter { $0.at >= from && $0.at < end }
        guard let rule else { return found }

        let ruleBegins = max(from, listed.last.map { $0.at + 1 } ?? from)
        guard ruleBegins < end else { return found }
        found += rule.transitions(from: ruleBegins, to: end)
        return found
    }

    /// The place of the first listed transition after `moment`.
    private func firstIndex(after moment: Int) -> Int {
        var low = 0
        var high = listed.count
        while low < high {
            let middle = (low + high) / 2
            if listed[middle].at <= moment { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Why a time zone cannot be used, in a sentence for the one who named it.
package struct ZoneDataError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
