package import ICalendar
package import Weather

/// One calendar that is made of a place's events.
package struct CalendarPlan: Hashable, Sendable {
    /// Which of the place's events are in it.
    package enum Selection: Hashable, Sendable {
        case all
        /// Those whose calendar of their own is one of these: `wind`, `warnings`, `day`.
        case only(Set<String>)
    }

    package let name: CalendarName
    package let place: PlaceID
    package var selection: Selection
    /// What it is called on screen.
    package var title: String
    package var color: NamedColor?
    /// Whether only those who hold a token may read it.
    package var isPrivate = false
    /// Who publishes it, `mailto:…`, for old programs that want to know. Mostly nobody.
    package var publisher: String?

    package init(name: CalendarName, place: PlaceID, selection: Selection = .all, title: String) {
        self.name = name
        self.place = place
        self.selection = selection
        self.title = title
    }

    /// Whether an event of the place is in it.
    package func holds(_ event: WeatherEvent) -> Bool {
        switch selection {
        case .all: true
        case .only(let calendars): calendars.contains(event.calendar)
        }
    }
}

/// Names a calendar in its address: 1 to 100 of `a-z 0-9 . _ -`, beginning with none of `. _`.
package struct CalendarName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        let isAllowed = { (byte: UInt8) in
            (97...122).contains(byte) || (48...57).contains(byte)
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        guard
            (1...100).contains(text.utf8.count), text.utf8.allSatisfy(isAllowed),
            text.utf8.first != UInt8(ascii: "."), text.utf8.first != UInt8(ascii: "_")
        else { return nil }
        self.description = text
    }

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

extension PlacePlan {
    /// The calendars a place has when nobody says otherwise: one with everything, named like the place, and
    /// one for each kind of event, `berlin-wind`.
    package var usualCalendars: [CalendarPlan] {
        var kinds = rules.map(\.calendar)
        if options.day != .none { kinds.append("day") }
        if options.sun { kinds.append("sun") }
        if options.warnings != nil { kinds.append("warnings") }
        var seen: Set<String> = []
        let phrases = options.language.phrases
        let parts = kinds.filter { seen.insert($0).inserted }.compactMap { kind -> CalendarPlan? in
            guard let name = CalendarName("\(place.id)-\(kind)") else { return nil }
            let title = "\(place.name): \(phrases.name(of: kind == "warnings" ? "warning" : kind))"
            return CalendarPlan(name: name, place: place.id, selection: .only([kind]), title: title)
        }
        guard let name = CalendarName(place.id.description) else { return parts }
        return [CalendarPlan(name: name, place: place.id, title: place.name)] + parts
    }
}
