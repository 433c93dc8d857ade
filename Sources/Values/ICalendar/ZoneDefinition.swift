/// The clock of a place: which offset from UTC it has, and when that changes.
package struct ZoneDefinition: Hashable, Sendable {
    /// An offset in force for a while.
    package struct Offset: Hashable, Sendable {
        /// Seconds east of Greenwich.
        package let seconds: Int
        /// `CEST`, or `+0545` where people have no name for it.
        package let abbreviation: String
        package let isDaylight: Bool

        package init(seconds: Int, abbreviation: String, isDaylight: Bool) {
            self.seconds = seconds
            self.abbreviation = abbreviation
            self.isDaylight = isDaylight
        }
    }

    /// The moment from which an offset is in force.
    package struct Transition: Hashable, Sendable {
        package let at: UTCSeconds
        package let offset: Offset

        package init(at: UTCSeconds, offset: Offset) {
            self.at = at
            self.offset = offset
        }
    }

    /// The name in the time zone database, `Europe/Berlin`.
    package let id: String
    /// In force before the first transition.
    package let initial: Offset
    /// In order of time; at least those of the years the calendar speaks of.
    package let transitions: [Transition]

    package init(id: String, initial: Offset, transitions: [Transition]) {
        self.id = id
        self.initial = initial
        self.transitions = transitions
    }

    /// The offset in force at a moment.
    package func offset(at moment: UTCSeconds) -> Offset {
        transitions.last { $0.at <= moment }?.offset ?? initial
    }

    /// A `VTIMEZONE` that is right from `start` until `end` (3.6.5).
    ///
    /// It holds what is in force at `start` and every change until `end`, each by itself. There is no rule of
    /// recurrence, so nothing is claimed of years nobody asked about.
    package func component(from start: UTCSeconds, until end: UTCSeconds) -> Component {
        let first = transitions.lastIndex { $0.at <= start }
        var observances: [Component] = []
        if first == nil {
            // In force since before anything is known: it starts when clocks of computers do.
            observances.append(Self.observance(at: UTCSeconds(-initial.seconds), from: initial, to: initial))
        }
        for (index, transition) in transitions.enumerated() where index >= first ?? 0 {
            guard transition.at < end || index == first else { break }
            let before = index == 0 ? initial : transitions[index - 1].offset
            observances.append(Self.observance(at: transition.at, from: before, to: transition.offset))
        }
        return Component("VTIMEZONE", [.text("TZID", id)], children: observances)
    }

    /// A `VTIMEZONE` for events: of the year of the first one and the year after, so that it stays the same
    /// while they come and go.
    package func component(for events: [Event]) -> Component {
        let moments = events.compactMap { event in
            if case .clock(let start, _, id) = event.span { start.date } else { nil }
        }
        let year = moments.min()?.year ?? 1970
        func newYear(_ year: Int) -> UTCSeconds {
            UTCSeconds(CivilDate(year: year, month: 1, day: 1).daysSinceEpoch * 86_400)
        }
        // Midnight of New Year comes up to a day earlier or later than in Greenwich.
        return component(
            from: UTCSeconds(newYear(year).sinceEpoch - 86_400),
            until: UTCSeconds(newYear(min(year + 2, 9999)).sinceEpoch + 86_400))
    }

    /// A change that puts clocks forward for a while is daylight saving, and the one back is not, also where
    /// the law has it the other way round and calls winter the exception, as in Dublin and Casablanca: readers
    /// reckon with time that is saved, never with time that is lost.
    private static func observance(at: UTCSeconds, from before: Offset, to after: Offset) -> Component {
        let isForAWhile = after.isDaylight || before.isDaylight
        return Component(
            isForAWhile && after.seconds > before.seconds ? "DAYLIGHT" : "STANDARD",
            [
                // The clock that was in force until then says when the change is.
                .dateTime("DTSTART", at.civil(offset: before.seconds)),
                .offset("TZOFFSETFROM", seconds: before.seconds),
                .offset("TZOFFSETTO", seconds: after.seconds), .text("TZNAME", after.abbreviation),
            ])
    }
}
