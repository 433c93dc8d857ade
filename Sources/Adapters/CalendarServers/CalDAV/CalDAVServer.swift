package import Almanac
package import AsyncHTTPClient
package import ICalendar
import NIOHTTP1
package import ServerKit
import Synchronization
import XMLKit

/// A calendar on a CalDAV server (RFC 4791): Nextcloud, iCloud, Fastmail, Radicale and others.
///
/// Events are resources named after their UID, so that one told twice is one; every write names the version
/// it replaces.
package final class CalDAVServer: CalendarServer {
    /// What the operator says about the calendar.
    package struct Settings: Sendable {
        /// The calendar, or the account's address, in whose home a calendar is then made.
        package var url: String
        package var user: String
        package var password: Secret
        /// Names the calendar in addresses and the events that are ours: `a-z 0-9 -`.
        package var owner: String
        package var name: String
        package var description: String
        package var color: NamedColor?
        /// The clocks that events may name.
        package var zones: [ZoneDefinition]

        package init(
            url: String, user: String, password: Secret, owner: String, name: String,
            description: String = "",
            color: NamedColor? = nil, zones: [ZoneDefinition] = []
        ) {
            self.url = url
            self.user = user
            self.password = password
            self.owner = owner
            self.name = name
            self.description = description
            self.color = color
            self.zones = zones
        }
    }

    package let label: String
    package let changesMax = 50
    private let talk: DAVTalk
    private let settings: Settings
    private let start: DAVAddress
    /// The calendar itself, once it has been found.
    private let found = Mutex<DAVAddress?>(nil)

    /// Fails when the address cannot be used: with a sentence for the operator.
    package init(settings: Settings, client: HTTPClient) throws(CalendarServerError) {
        guard let start = DAVAddress(settings.url) else {
            throw CalendarServerError(
                .refused,
                "'\(settings.url)' is no address of a CalDAV server, such as https://dav.example.com/me/")
        }
        self.settings = settings
        self.start = start
        self.label = "caldav \(start)"
        self.talk = DAVTalk(
            web: WebClient(client: client), user: settings.user, password: settings.password, label: label)
    }

    package func ownEvents() async throws(CalendarServerError) -> [ServerEvent]? {
        let calendar = try await locate()
        let answer = try await talk.send(
            "REPORT", calendar.asCollection, headers: ["Depth": "1"], xml: CalDAVRequests.allEvents)
        // What is no calendar cannot be queried: 404 where nothing is, and some answer 405 or 409 then.
        if [404, 405, 409, 410].contains(answer.status) { return nil }
        let status = try talk.multiStatus(answer, doing: "listing the events")
        guard !status.isTruncated else {
            throw CalendarServerError(.misunderstood, "\(label) does not list all events of the calendar")
        }
        return status.resources.compactMap { resource in
            guard
                let data = resource.property(.calDAV("calendar-data")),
                let address = calendar.asCollection.following(resource.href)
            else { return nil }
            return StoredEvent.read(
                Array(data.text.utf8), owner: settings.owner, address: address.description,
                entityTag: resource.property(.dav("getetag"))?.text.trimmed)
        }
    }

    package func makeCalendar() async throws(CalendarServerError) {
        let calendar = try await locate().asCollection
        let body = CalDAVRequests.makeCalendar(
            name: settings.name, description: settings.description, color: settings.color?.hex)
        let answer = try await talk.send("MKCALENDAR", calendar, xml: body)
        // Something is there already: 405, or a precondition (RFC 4791, 5.3.1.1). Whether it is a calendar,
        // the next listing shows.
        let isThere = answer.status == 405 || talk.condition(of: answer) == "resource-must-be-null"
        guard answer.status == 201 || isThere else { throw talk.error(answer, doing: "making the calendar") }
    }

    package func apply(_ changes: [SyncChange]) async throws(CalendarServerError) -> [SyncOutcome] {
        let calendar = try await locate().asCollection
        var outcomes: [SyncOutcome] = []
        for change in changes {
            do throws(CalendarServerError) {
                try await carryOut(change, in: calendar)
                outcomes.append(.done)
            } catch  where error.kind == .unauthorized {
                throw error
            } catch {
                outcomes.append(.failed(error))
            }
        }
        return outcomes
    }
}

extension CalDAVServer {
    private func carryOut(_ change: SyncChange, in calendar: DAVAddress) async throws(CalendarServerError) {
        switch change {
        case .add(let wanted):
            let name = StableName.of("\(settings.owner)/\(wanted.event.uid)") + ".ics"
            guard let address = calendar.appending(name) else { return }
            try await add(wanted, at: address)
        case .update(let existing, let wanted):
            try await put(wanted, at: try within(calendar, existing), headers: match(existing.entityTag))
        case .remove(let existing):
            try await remove(try within(calendar, existing), entityTag: existing.entityTag)
        }
    }

    private func within(_ calendar: DAVAddress, _ event: ServerEvent) throws(CalendarServerError)
        -> DAVAddress
    {
        guard let address = calendar.following(event.address) else {
            throw CalendarServerError(.refused, "\(label): an event lies on another server")
        }
        return address
    }

    private func match(_ entityTag: String?) -> HTTPHeaders { ["If-Match": entityTag ?? "*"] }

    /// Where something stands already, it may be what was put by a run that was cut off.
    private func add(_ wanted: WantedEvent, at address: DAVAddress) async throws(CalendarServerError) {
        do {
            try await put(wanted, at: address, headers: ["If-None-Match": "*"])
        } catch let conflict where conflict.kind == .conflict {
            let answer = try await talk.send("GET", address)
            guard answer.status == 200 else { throw conflict }
            let entityTag = answer.headers.first(name: "ETag")
            let standing = StoredEvent.read(
                answer.bytes, owner: settings.owner, address: "", entityTag: entityTag
            )
            guard let standing, standing.uid == wanted.event.uid else {
                throw CalendarServerError(
                    .refused, "\(label): an event of somebody else stands at \(address)")
            }
            guard standing.digest != wanted.digest else { return }
            try await put(wanted, at: address, headers: match(entityTag))
        }
    }

    private func put(
        _ wanted: WantedEvent, at address: DAVAddress, headers: HTTPHeaders
    ) async throws(CalendarServerError) {
        var headers = headers
        headers.add(name: "Content-Type", value: "text/calendar; charset=utf-8")
        let bytes = StoredEvent.bytes(wanted, owner: settings.owner, zones: settings.zones)
        let answer = try await talk.send("PUT", address, headers: headers, body: bytes)
        guard [200, 201, 204].contains(answer.status) else {
            throw talk.error(answer, doing: "writing an event")
        }
    }

    private func remove(_ address: DAVAddress, entityTag: String?) async throws(CalendarServerError) {
        let answer = try await talk.send("DELETE", address, headers: match(entityTag))
        guard ![200, 202, 204, 404, 410].contains(answer.status) else { return }
        if answer.status == 412, try await talk.send("HEAD", address).status == 404 { return }
        throw talk.error(answer, doing: "removing an event")
    }

    /// Finds the calendar: what the operator named, or in the home of the account.
    private func locate() async throws(CalendarServerError) -> DAVAddress {
        if let known = found.withLock({ $0 }) { return known }
        let calendar = try await CalDAVDiscovery(talk: talk, calendarName: settings.owner).calendar(
            from: start)
        found.withLock { $0 = calendar }
        return calendar
    }
}
