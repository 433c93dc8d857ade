import Almanac
import ICalendar

/// An event of ours in the form in which a CalDAV server keeps it: one calendar with one event and two
/// properties that say whose it is and what it says.
enum StoredEvent {
    private static let owner = "X-HOMEPORT-OWNER"
    private static let digest = "X-HOMEPORT-DIGEST"

    /// The bytes to put.
    static func bytes(_ wanted: WantedEvent, owner name: String, zones: [ZoneDefinition]) -> [UInt8] {
        var event = wanted.event.component
        event.properties += [.text(owner, name), .text(digest, wanted.digest)]
        var children: [Component] = []
        if case .clock(_, _, let id) = wanted.event.span, let zone = zones.first(where: { $0.id == id }) {
            children.append(zone.component(for: [wanted.event]))
        }
        let head: [Property] = [
            .word("VERSION", "2.0"), .text("PRODID", "-//Homeport//Weather//EN"),
            .word("CALSCALE", "GREGORIAN"),
        ]
        return Component("VCALENDAR", head, children: children + [event]).bytes
    }

    /// What is kept at an address, or nil when it is not one of ours.
    static func read(_ bytes: [UInt8], owner name: String, address: String, entityTag: String?)
        -> ServerEvent?
    {
        var (uid, mark, writer): (String?, String?, String?)
        var end: UTCSeconds?
        // An alarm inside has lines of its own, before or after those of the event.
        var open: [String] = []
        for line in ContentLine.lines(of: bytes) {
            let isInEvent = open.last == "VEVENT"
            switch line.name {
            case "BEGIN": open.append(line.value)
            case "END": _ = open.popLast()
            case "UID" where isInEvent: uid = line.value
            case owner where isInEvent: writer = line.value
            case digest where isInEvent: mark = line.value
            case "DTEND" where isInEvent:
                end = line.moment.map { $0.isUTC ? $0.at : UTCSeconds($0.at.sinceEpoch - 14 * 3600) }
            default: break
            }
        }
        guard writer == name else { return nil }
        return ServerEvent(address: address, uid: uid, digest: mark, entityTag: entityTag, end: end)
    }
}
