import Almanac
import FoundationEssentials
import ICalendar

/// An event in Google's words (Calendar API v3, resource `Event`): what is sent, and what is read of an
/// answer.
struct GoogleEvent: Codable, Sendable {
    struct Time: Codable, Sendable {
        var date: String?
        var dateTime: String?
        var timeZone: String?
    }

    struct Properties: Codable, Sendable {
        /// Seen by this program only. The server can list by them.
        var `private`: [String: String]?
    }

    struct Reminders: Codable, Sendable {
        struct Override: Codable, Sendable {
            var method: String
            var minutes: Int
        }

        var useDefault: Bool
        var overrides: [Override]?
    }

    struct Source: Codable, Sendable {
        var title: String
        var url: String
    }

    var id: String?
    var status: String?
    var etag: String?
    var summary: String?
    var description: String?
    var location: String?
    var start: Time?
    var end: Time?
    var transparency: String?
    var colorId: String?
    var reminders: Reminders?
    var source: Source?
    var extendedProperties: Properties?

    /// Whose the event is, which one it was made from, and what it said.
    static let ownerKey = "homeport"
    static let uidKey = "homeportUID"
    static let digestKey = "homeportDigest"
}

extension GoogleEvent {
    /// The most alarms that Google takes.
    private static let alarmsMax = 5

    /// - Parameter id: 5 to 1024 of `a-v0-9`.
    init(_ wanted: WantedEvent, id: String, owner: String) {
        let event = wanted.event
        self.id = id
        self.status = "confirmed"
        self.summary = event.summary
        self.description = event.description
        self.location = event.location
        (self.start, self.end) = Self.times(event.span)
        self.transparency = event.isTransparent ? "transparent" : "opaque"
        self.colorId = event.color.map(GoogleColor.nearest)
        self.reminders = Reminders(
            useDefault: false,
            overrides: event.alarms.prefix(Self.alarmsMax).map {
                .init(method: "popup", minutes: min(max($0.secondsBefore / 60, 0), 40_320))
            })
        self.source = event.url.map {
            Source(title: event.location.isEmpty ? "Homeport" : event.location, url: $0)
        }
        self.extendedProperties = Properties(
            private: [Self.ownerKey: owner, Self.uidKey: event.uid, Self.digestKey: wanted.digest])
    }

    private static func times(_ span: ICalendar.Event.Span) -> (Time, Time) {
        switch span {
        case .moments(let start, let end): (utc(start), utc(end))
        case .clock(let start, let end, let zone): (clock(start, zone), clock(end, zone))
        case .days(let start, let end): (Time(date: day(start)), Time(date: day(end)))
        }
    }

    private static func utc(_ moment: UTCSeconds) -> Time {
        Time(dateTime: dateTime(moment.civil(offset: 0)) + "Z")
    }

    private static func clock(_ time: CivilDateTime, _ zone: String) -> Time {
        Time(dateTime: dateTime(time), timeZone: zone)
    }

    private static func dateTime(_ time: CivilDateTime) -> String {
        let second = time.secondOfDay
        return "\(day(time.date))T\(two(second / 3600)):\(two(second % 3600 / 60)):\(two(second % 60))"
    }

    private static func day(_ date: CivilDate) -> String {
        let year = String(date.year)
        return String(repeating: "0", count: 4 - year.utf8.count)
            + "\(year)-\(two(date.month))-\(two(date.day))"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Whether the program made it.
    func isOwned(by owner: String) -> Bool { extendedProperties?.private?[Self.ownerKey] == owner }

    var isCancelled: Bool { status == "cancelled" }

    /// What is needed of it to plan.
    var asServerEvent: ServerEvent? {
        guard let id else { return nil }
        let own = extendedProperties?.private
        return ServerEvent(
            address: id, uid: own?[Self.uidKey], digest: own?[Self.digestKey], entityTag: etag,
            end: endMoment,
            isDeleted: isCancelled)
    }

    private var endMoment: UTCSeconds? {
        if let text = end?.dateTime, let date = try? Date(text, strategy: .iso8601) {
            return UTCSeconds(Int(date.timeIntervalSince1970))
        }
        guard let text = end?.date, let midnight = try? Date("\(text)T00:00:00Z", strategy: .iso8601) else {
            return nil
        }
        return UTCSeconds(Int(midnight.timeIntervalSince1970) - 14 * 3600)
    }
}

/// The eleven colours of events in Google's calendar.
enum GoogleColor {
    private static let shown: [(id: String, rgb: (Int, Int, Int))] = [
        ("1", (0xA4, 0xBD, 0xFC)), ("2", (0x7A, 0xE7, 0xBF)), ("3", (0xDB, 0xAD, 0xFF)),
        ("4", (0xFF, 0x88, 0x7C)),
        ("5", (0xFB, 0xD7, 0x5B)), ("6", (0xFF, 0xB8, 0x78)), ("7", (0x46, 0xD6, 0xDB)),
        ("8", (0xE1, 0xE1, 0xE1)),
        ("9", (0x54, 0x84, 0xED)), ("10", (0x51, 0xB7, 0x49)), ("11", (0xDC, 0x21, 0x27)),
    ]

    /// The identifier of the one that looks most like it.
    static func nearest(_ color: NamedColor) -> String {
        let number = Int(color.hex.dropFirst(), radix: 16) ?? 0
        let (red, green, blue) = (number >> 16, number >> 8 & 255, number & 255)
        func distance(_ rgb: (Int, Int, Int)) -> Int {
            // The eye tells greens apart best and blues least.
            let (r, g, b) = (rgb.0 - red, rgb.1 - green, rgb.2 - blue)
            return 3 * r * r + 4 * g * g + 2 * b * b
        }
        return shown.min { distance($0.rgb) < distance($1.rgb) }?.id ?? "8"
    }
}
