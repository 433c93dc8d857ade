/// A whole calendar as one file or feed (RFC 5545, 3.6; RFC 7986).
package struct CalendarDocument: Hashable, Sendable {
    /// What made it, `-//Homeport//Weather//EN`.
    package var product: String
    /// Stays with the calendar for ever.
    package var uid: String
    package var name: String
    package var description = ""
    /// The zone a reader may show it in.
    package var zone: String
    package var color: NamedColor?
    /// Where a person reads more.
    package var url: String?
    /// Where the calendar itself is fetched.
    package var source: String?
    /// How long a reader may wait before it looks again.
    package var refreshSeconds = 3600
    /// When anything in it changed last.
    package var changed: UTCSeconds
    /// The clocks that events name.
    package var zones: [Component] = []
    package var events: [Event] = []
    /// Says that the calendar is published by somebody. Left out unless asked for: a few old programs want
    /// it, strict ones refuse it without an organizer.
    package var publisher: Publisher?

    /// Who publishes: an address, `mailto:weather@example.com`, that every event then names.
    package struct Publisher: Hashable, Sendable {
        package let address: String

        package init(address: String) { self.address = address }
    }

    package init(product: String, uid: String, name: String, zone: String, changed: UTCSeconds) {
        self.product = product
        self.uid = uid
        self.name = name
        self.zone = zone
        self.changed = changed
    }

    /// The calendar as a `VCALENDAR`.
    package var component: Component {
        var children = zones
        for event in events {
            var component = event.component
            if let publisher { component.properties.append(.uri("ORGANIZER", publisher.address)) }
            children.append(component)
        }
        return Component("VCALENDAR", properties, children: children)
    }

    private var properties: [Property] {
        var list: [Property] = [
            .word("VERSION", "2.0"), .text("PRODID", product), .word("CALSCALE", "GREGORIAN"),
        ]
        if publisher != nil { list.append(.word("METHOD", "PUBLISH")) }
        list += [.text("UID", uid), .text("NAME", name), .text("X-WR-CALNAME", name)]
        if !description.isEmpty {
            list += [.text("DESCRIPTION", description), .text("X-WR-CALDESC", description)]
        }
        list += [.text("X-WR-TIMEZONE", zone), .dateTime("LAST-MODIFIED", changed)]
        if let url { list.append(.uri("URL", url)) }
        if let source { list.append(.uri("SOURCE", source).with("VALUE", "URI")) }
        list += [
            .duration("REFRESH-INTERVAL", seconds: refreshSeconds).with("VALUE", "DURATION"),
            .duration("X-PUBLISHED-TTL", seconds: refreshSeconds),
        ]
        if let color {
            list += [.word("COLOR", color.name), .text("X-APPLE-CALENDAR-COLOR", color.hex)]
        }
        return list
    }
}
