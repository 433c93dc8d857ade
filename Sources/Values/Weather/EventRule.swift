/// Which hours become an event, and how the event looks.
package struct EventRule: Hashable, Sendable {
    package let id: RuleID
    /// What holds in the hours of the event.
    package var when: Predicate
    /// An event shorter than this many hours is left out.
    package var minimumHours = 1
    /// A pause of at most this many hours does not end an event.
    package var bridgeHours = 0
    /// Events that begin more than this many days after now are left out.
    package var horizonDays = 16
    /// The name of the rule for people; nil for a rule whose name the language knows.
    package var name: String?
    /// See `TitleTemplate` for the words in braces; nil for what the language says about this rule.
    package var title: String?
    package var icon: String?
    /// What the language calls it, when it knows this word; else shown as it is.
    package var category: String
    package var color: EventColor?
    package var alarmMinutes: Int?
    /// The quantity whose peak and hourly values are told.
    package var shows: Quantity
    /// Which value is the peak.
    package var extreme = Extreme.highest
    /// Whether these are good hours for something, not weather to look out for.
    package var isWindow = false
    /// The calendar of its own that the events are also in.
    package var calendar: String

    package enum Extreme: String, Sendable, CaseIterable { case highest, lowest }

    package init(
        id: RuleID, when: Predicate, shows: Quantity, category: String, calendar: String? = nil
    ) {
        self.id = id
        self.when = when
        self.shows = shows
        self.category = category
        self.calendar = calendar ?? id.description
    }
}

/// A question about one hour.
package indirect enum Predicate: Hashable, Sendable {
    case compare(Comparison)
    /// The source says nothing about this quantity.
    case unknown(Quantity)
    /// One of these words describes the hour.
    case sky(Set<Sky>)
    /// The sun is up at the middle of the hour.
    case daylight(Bool)
    /// The hour begins, on the clock of the place, at one of these hours of the day.
    case hoursOfDay(Set<Int>)
    case all([Predicate])
    case any([Predicate])
}

/// A quantity against a threshold, in the unit of the quantity.
package struct Comparison: Hashable, Sendable {
    package enum Relation: String, Sendable, CaseIterable {
        case above = ">"
        case atLeast = ">="
        case below = "<"
        case atMost = "<="
        case equal = "="
    }

    package enum Subject: Hashable, Sendable {
        case quantity(Quantity)
        /// Temperature minus dew point.
        case spread
    }

    package let subject: Subject
    package let relation: Relation
    package let threshold: Double
    /// An event that has begun goes on until this threshold is no longer passed either (hysteresis); nil for
    /// the same one.
    package let exitThreshold: Double?

    package init(_ subject: Subject, _ relation: Relation, _ threshold: Double, exit: Double? = nil) {
        self.subject = subject
        self.relation = relation
        self.threshold = threshold
        self.exitThreshold = exit
    }

    /// Whether a value passes. An unknown value never does.
    package func holds(_ value: Double?, hasBegun: Bool) -> Bool {
        guard let value else { return false }
        let threshold = hasBegun ? exitThreshold ?? threshold : threshold
        switch relation {
        case .above: return value > threshold
        case .atLeast: return value >= threshold
        case .below: return value < threshold
        case .atMost: return value <= threshold
        case .equal: return value == threshold
        }
    }
}
