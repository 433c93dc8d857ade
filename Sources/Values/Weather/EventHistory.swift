package import FoundationEssentials

/// The events of a place as they were last told, so that the same thing keeps its identifier and only what
/// visibly changed is told as changed.
package struct EventHistory: Hashable, Sendable {
    /// What is remembered of one event.
    package struct Entry: Hashable, Sendable {
        package let seed: String
        package let rule: RuleID
        package let start: Date
        package let end: Date
        /// A number made from everything that is visible of it.
        package let fingerprint: UInt64
        package let sequence: Int
        package let created: Date
        package let changed: Date
        /// When it was no longer foretold; nil while it is.
        package let gone: Date?

        package init(
            seed: String, rule: RuleID, start: Date, end: Date, fingerprint: UInt64, sequence: Int,
            created: Date, changed: Date, gone: Date? = nil
        ) {
            self.seed = seed
            self.rule = rule
            self.start = start
            self.end = end
            self.fingerprint = fingerprint
            self.sequence = sequence
            self.created = created
            self.changed = changed
            self.gone = gone
        }
    }

    /// How long an event that is over or gone is remembered, so that its identifier is not given to another.
    package static let remembered: TimeInterval = 3 * 86_400
    /// So many entries at most.
    package static let entriesMax = 10_000

    /// In the order of their starts.
    package let entries: [Entry]

    package init(entries: [Entry] = []) { self.entries = entries }

    /// The same events, of which those of a rule have changed in a way that is not of the weather.
    package func changing(_ rule: RuleID, at moment: Date) -> EventHistory {
        EventHistory(
            entries: entries.map { entry in
                guard entry.rule == rule, entry.gone == nil else { return entry }
                return Entry(
                    seed: entry.seed, rule: entry.rule, start: entry.start, end: entry.end,
                    fingerprint: entry.fingerprint, sequence: entry.sequence, created: entry.created,
                    changed: moment)
            })
    }
}

/// An event with everything a calendar needs to tell whether it changed.
package struct TrackedEvent: Hashable, Sendable {
    package let event: WeatherEvent
    /// `SEQUENCE`: how many times it has visibly changed.
    package let sequence: Int
    /// `CREATED`: when it was first foretold.
    package let created: Date
    /// `LAST-MODIFIED` and `DTSTAMP`: when it last visibly changed.
    package let changed: Date
    /// A number made from everything that is visible of it; equal when nothing has changed.
    package let fingerprint: UInt64

    package init(event: WeatherEvent, sequence: Int, created: Date, changed: Date, fingerprint: UInt64) {
        self.event = event
        self.sequence = sequence
        self.created = created
        self.changed = changed
        self.fingerprint = fingerprint
    }
}
