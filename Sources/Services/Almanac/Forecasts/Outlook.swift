package import FoundationEssentials
package import TimeKit
package import Weather

/// What there is to tell about a place, and how old it is.
package struct Outlook: Sendable {
    package let forecast: Forecast
    /// The events of the forecast for the readers of the place, each with what tells whether it changed.
    package let events: [TrackedEvent]
    /// The zone of the place.
    package let zone: ZoneData
    /// Its clock, for as long as the forecast goes and some days longer.
    package let clock: LocalClock
    /// When a source last said that this is the forecast.
    package let confirmed: Date
    /// When something that is told last changed; never later than `confirmed`.
    package let changed: Date
    /// Why it could not be confirmed since, for people; nil when it could.
    package let failure: String?

    package init(
        forecast: Forecast, events: [TrackedEvent], zone: ZoneData, clock: LocalClock, confirmed: Date,
        changed: Date, failure: String?
    ) {
        self.forecast = forecast
        self.events = events
        self.zone = zone
        self.clock = clock
        self.confirmed = confirmed
        self.changed = changed
        self.failure = failure
    }

    /// How old the forecast is, in seconds.
    package func age(at now: Date) -> TimeInterval { max(0, now.timeIntervalSince(confirmed)) }
}

/// A place as its owner wants it told.
package struct PlacePlan: Hashable, Sendable {
    package let place: Place
    /// Whom to ask, in this order.
    package let sources: [SourceName]
    package var rules: [EventRule]
    package var options: EventOptions
    /// Seconds from one question to the next, when the source does not ask for more.
    package var refresh: TimeInterval
    /// Seconds after which an unconfirmed forecast is called stale.
    package var staleAfter: TimeInterval

    package init(
        place: Place, sources: [SourceName] = [.openMeteo], rules: [EventRule] = EventRule.standard,
        options: EventOptions = EventOptions(), refresh: TimeInterval = 3600,
        staleAfter: TimeInterval = 3 * 3600
    ) {
        precondition(!sources.isEmpty && refresh > 0)
        self.place = place
        self.sources = sources
        self.rules = rules
        self.options = options
        self.refresh = refresh
        self.staleAfter = staleAfter
    }
}

/// Why there is nothing to tell about a place.
package struct OutlookError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        case unknownPlace
        /// No source has ever answered.
        case noForecast
        /// The time zone is not known.
        case noZone
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}

/// How a place is doing, for readiness and metrics.
package struct PlaceStatus: Hashable, Sendable {
    package let place: PlaceID
    /// When its forecast was last confirmed; nil when there is none.
    package let confirmed: Date?
    package let isStale: Bool
    package let source: SourceName?
    package let failure: String?
}
