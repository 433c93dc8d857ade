/// Something at a time, as a reader of the calendar sees it (RFC 5545, 3.6.1; RFC 7986).
package struct Event: Hashable, Sendable {
    /// When it is.
    package enum Span: Hashable, Sendable {
        /// Between two moments, shown on whatever clock the reader has.
        case moments(start: UTCSeconds, end: UTCSeconds)
        /// Between two times on the clock of the calendar's zone.
        case clock(start: CivilDateTime, end: CivilDateTime, zone: String)
        /// Whole days; `end` is the first day after it.
        case days(start: CivilDate, end: CivilDate)
    }

    /// Stays with the thing the event means, for ever and everywhere.
    package var uid: String
    package var span: Span
    package var summary: String
    package var description = ""
    package var location = ""
    /// Latitude and longitude in degrees.
    package var position: Position?
    package var url: String?
    package var categories: [String] = []
    package var color: NamedColor?
    package var alarms: [Alarm] = []
    /// Whether it leaves the time free.
    package var isTransparent = true
    /// When what it says changed last; all that depends on it stays equal until then.
    package var changed: UTCSeconds
    /// How often it has changed.
    package var sequence = 0

    package struct Position: Hashable, Sendable {
        package let latitude: Double
        package let longitude: Double

        package init(latitude: Double, longitude: Double) {
            self.latitude = latitude
            self.longitude = longitude
        }
    }

    /// A note shown some time before the start.
    package struct Alarm: Hashable, Sendable {
        package let secondsBefore: Int
        package let text: String

        package init(secondsBefore: Int, text: String) {
            self.secondsBefore = secondsBefore
            self.text = text
        }
    }

    package init(uid: String, span: Span, summary: String, changed: UTCSeconds) {
        self.uid = uid
        self.span = span
        self.summary = summary
        self.changed = changed
    }
}

extension Event {
    /// The event as a `VEVENT`.
    package var component: Component {
        var properties: [Property] = [
            .text("UID", uid), .dateTime("DTSTAMP", changed), .dateTime("LAST-MODIFIED", changed),
            .integer("SEQUENCE", sequence),
        ]
        properties += span.properties
        properties.append(.text("SUMMARY", summary))
        if !description.isEmpty { properties.append(.text("DESCRIPTION", description)) }
        if !location.isEmpty { properties.append(.text("LOCATION", location)) }
        if let position {
            properties.append(.geo(latitude: position.latitude, longitude: position.longitude))
        }
        if let url { properties.append(.uri("URL", url)) }
        if !categories.isEmpty { properties.append(.texts("CATEGORIES", categories)) }
        if let color { properties.append(.word("COLOR", color.name)) }
        properties += isTransparent ? Self.free : Self.busy
        return Component("VEVENT", properties, children: alarms.map(\.component))
    }
}

extension Event {
    /// What is said of every event that leaves the time free, and of every one that takes it.
    private static let free: [Property] = [
        .word("STATUS", "CONFIRMED"), .word("CLASS", "PUBLIC"), .word("TRANSP", "TRANSPARENT"),
        .word("X-MICROSOFT-CDO-BUSYSTATUS", "FREE"),
    ]
    private static let busy: [Property] = [
        .word("STATUS", "CONFIRMED"), .word("CLASS", "PUBLIC"), .word("TRANSP", "OPAQUE"),
        .word("X-MICROSOFT-CDO-BUSYSTATUS", "BUSY"),
    ]
}

extension Event.Alarm {
    /// The alarm as a `VALARM` that is shown (3.6.6).
    fileprivate var component: Component {
        Component(
            "VALARM",
            [
                .word("ACTION", "DISPLAY"), .text("DESCRIPTION", text),
                .duration("TRIGGER", seconds: -secondsBefore),
            ])
    }
}

extension Event.Span {
    /// The earliest moment at which it can be over: times of a clock end up to 14 hours before the same time
    /// of Greenwich.
    package var earliestEnd: UTCSeconds {
        switch self {
        case .moments(_, let end): end
        case .clock(_, let end, _):
            UTCSeconds(end.date.daysSinceEpoch * 86_400 + end.secondOfDay - 14 * 3600)
        case .days(_, let end): UTCSeconds(end.daysSinceEpoch * 86_400 - 14 * 3600)
        }
    }

    fileprivate var properties: [Property] {
        switch self {
        case .moments(let start, let end): [.dateTime("DTSTART", start), .dateTime("DTEND", end)]
        case .clock(let start, let end, let zone):
            [.dateTime("DTSTART", start, zone: zone), .dateTime("DTEND", end, zone: zone)]
        case .days(let start, let end): [.date("DTSTART", start), .date("DTEND", end)]
        }
    }
}
