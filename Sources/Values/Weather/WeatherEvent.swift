package import FoundationEssentials

/// Something in the weather worth a line in a calendar.
package struct WeatherEvent: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        /// The summary of a day.
        case day
        /// Hours in which a rule holds.
        case hours
        /// Good hours for something.
        case window
        case sunrise, sunset
        /// An official warning.
        case warning
    }

    /// How a calendar should write the time.
    package enum Form: Hashable, Sendable {
        /// As moments of UTC: what happens, happens for everybody at once.
        case utc
        /// As time of the place's clock, in its zone.
        case local
        /// As whole days, the second one not included.
        case allDay(CivilDate, before: CivilDate)
    }

    /// The largest or smallest value of the event and when it is, or a sum over it; in the unit of its
    /// quantity.
    package struct Measure: Hashable, Sendable {
        package let quantity: Quantity
        package let value: Double
        package let at: Date?

        package init(quantity: Quantity, value: Double, at: Date? = nil) {
            self.quantity = quantity
            self.value = value
            self.at = at
        }
    }

    package let kind: Kind
    /// The rule that made it: `rain`, `day`, `warning`, or the name of a rule in configuration.
    package let rule: RuleID
    /// Names the thing it means, unique among the events of a place: `rain-20260329-1`. `EventHistory` keeps
    /// it with the thing when a forecast shifts.
    package var seed: String
    package let start: Date
    /// After `start`.
    package let end: Date
    package let form: Form
    /// One line, icon included where icons are wanted.
    package let title: String
    /// The lines of the description.
    package let lines: [String]
    /// An emoji for it, also when titles go without.
    package let icon: String?
    package let category: String
    package let color: EventColor?
    /// Minutes before the start at which to remind; nil for no reminder.
    package let alarmMinutes: Int?
    package let severity: Severity?
    package let peak: Measure?
    package let sum: Measure?
    /// Where more is told, such as the page of a warning.
    package let url: String?
    /// The calendars it belongs to besides the one with everything: `wind`, `warnings`.
    package let calendar: String

    package init(
        kind: Kind, rule: RuleID, seed: String, start: Date, end: Date, form: Form, title: String,
        lines: [String], icon: String? = nil, category: String, color: EventColor? = nil,
        alarmMinutes: Int? = nil, severity: Severity? = nil, peak: Measure? = nil, sum: Measure? = nil,
        url: String? = nil, calendar: String
    ) {
        self.kind = kind
        self.rule = rule
        self.seed = seed
        self.start = start
        self.end = end
        self.form = form
        self.title = title
        self.lines = lines
        self.icon = icon
        self.category = category
        self.color = color
        self.alarmMinutes = alarmMinutes
        self.severity = severity
        self.peak = peak
        self.sum = sum
        self.url = url
        self.calendar = calendar
    }
}

/// The name of a rule: 1 to 32 of `a-z 0-9 -`, beginning with a letter.
package struct RuleID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        let isAllowed = { (byte: UInt8) in
            (97...122).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard
            (1...32).contains(text.utf8.count), text.utf8.allSatisfy(isAllowed),
            let first = text.utf8.first, (97...122).contains(first)
        else { return nil }
        self.description = text
    }

    /// The name of a rule that is part of the program.
    init(standard text: StaticString) { self.description = "\(text)" }

    package static let day = RuleID(standard: "day")
    package static let sunrise = RuleID(standard: "sunrise")
    package static let sunset = RuleID(standard: "sunset")
    package static let warning = RuleID(standard: "warning")

    package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// The colour of an event: a name of CSS (RFC 7986, 5.9).
package enum EventColor: String, Sendable, CaseIterable {
    case crimson, tomato, orange, gold, khaki, olivedrab, seagreen, turquoise, skyblue, steelblue, royalblue
    case navy, slateblue, orchid, plum, slategray, silver, lightsteelblue

    /// Red, green and blue, 0 to 255.
    package var rgb: (UInt8, UInt8, UInt8) {
        switch self {
        case .crimson: (0xDC, 0x14, 0x3C)
        case .tomato: (0xFF, 0x63, 0x47)
        case .orange: (0xFF, 0xA5, 0x00)
        case .gold: (0xFF, 0xD7, 0x00)
        case .khaki: (0xF0, 0xE6, 0x8C)
        case .olivedrab: (0x6B, 0x8E, 0x23)
        case .seagreen: (0x2E, 0x8B, 0x57)
        case .turquoise: (0x40, 0xE0, 0xD0)
        case .skyblue: (0x87, 0xCE, 0xEB)
        case .steelblue: (0x46, 0x82, 0xB4)
        case .royalblue: (0x41, 0x69, 0xE1)
        case .navy: (0x00, 0x00, 0x80)
        case .slateblue: (0x6A, 0x5A, 0xCD)
        case .orchid: (0xDA, 0x70, 0xD6)
        case .plum: (0xDD, 0xA0, 0xDD)
        case .slategray: (0x70, 0x80, 0x90)
        case .silver: (0xC0, 0xC0, 0xC0)
        case .lightsteelblue: (0xB0, 0xC4, 0xDE)
        }
    }
}
