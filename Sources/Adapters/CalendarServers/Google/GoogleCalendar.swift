package import Almanac
package import AsyncHTTPClient
import FoundationEssentials
import ICalendar
import NIOHTTP1
package import ServerKit
import Synchronization

/// A calendar in Google Calendar (API v3), made by the program itself or named by the operator.
///
/// The identifier of an event follows from its UID, so that one told twice is one. Google remembers deleted
/// events and mostly lets them be brought back; where it does not, the event takes the next of a few
/// identifiers.
package final class GoogleCalendar: CalendarServer {
    package struct Settings: Sendable {
        /// Names the events and the calendar that are ours: `a-z 0-9 -`.
        package var owner: String
        package var name: String
        package var description: String
        package var timeZone: String
        /// The identifier of a calendar that is there; nil to have one made.
        package var calendarID: String?
        /// Where the identifier of the calendar that was made is kept.
        package var stateFile: String
        /// The root of the API.
        package var root = "https://www.googleapis.com"

        package init(
            owner: String, name: String, description: String, timeZone: String, calendarID: String? = nil,
            stateFile: String
        ) {
            self.owner = owner
            self.name = name
            self.description = description
            self.timeZone = timeZone
            self.calendarID = calendarID
            self.stateFile = stateFile
        }
    }

    package let label = "google"
    package let changesMax = 50
    private static let pagesMax = 200
    /// How many identifiers an event may use up.
    private static let generationsMax = 8

    private let settings: Settings
    private let talk: GoogleTalk
    private let state: GoogleState
    /// The calendar, once it has been found.
    private let found = Mutex<String?>(nil)

    package init(settings: Settings, access: GoogleAccess, client: HTTPClient, threads: BlockingThreads) {
        self.settings = settings
        self.talk = GoogleTalk(web: WebClient(client: client), access: access, root: settings.root)
        self.state = GoogleState(file: PrivateFile(path: settings.stateFile, threads: threads))
    }

    package func ownEvents() async throws(CalendarServerError) -> [ServerEvent]? {
        guard let calendar = try await locate() else { return nil }
        var events: [ServerEvent] = []
        var page: String?
        for _ in 0..<Self.pagesMax {
            var path = "calendars/\(formEncoded(calendar))/events?maxResults=2500&showDeleted=true"
            path += "&privateExtendedProperty=" + formEncoded("\(GoogleEvent.ownerKey)=\(settings.owner)")
            if let page { path += "&pageToken=" + formEncoded(page) }
            let answer = try await talk.send(.init(method: .GET, path: path))
            if answer.status == 404 || answer.status == 410 { return try await forget(calendar) }
            guard answer.status == 200 else { throw GoogleTalk.error(answer, doing: "listing the events") }
            let list = try answer.decoded(EventPage.self)
            events += (list.items ?? []).filter { $0.isOwned(by: settings.owner) }.compactMap(\.asServerEvent)
            page = list.nextPageToken
            if page == nil { return events }
        }
        throw CalendarServerError(.misunderstood, "google's list of events does not end")
    }

    /// A calendar that somebody deleted is made anew, unless the operator named it.
    private func forget(_ calendar: String) async throws(CalendarServerError) -> [ServerEvent]? {
        guard settings.calendarID == nil else {
            throw CalendarServerError(
                .refused, "google has no calendar '\(calendar)', or it is not shared with this account")
        }
        found.withLock { $0 = nil }
        try await state.remember(nil, for: settings.owner)
        return nil
    }

    package func makeCalendar() async throws(CalendarServerError) {
        guard try await locate() == nil else { return }
        let body = NewCalendar(
            summary: settings.name, description: "\(settings.description) \(mark)".trimmed,
            timeZone: settings.timeZone)
        let answer = try await talk.send(
            .init(method: .POST, path: "calendars", body: try Self.json(body)))
        guard answer.status == 200 else { throw GoogleTalk.error(answer, doing: "making the calendar") }
        let made = try answer.decoded(CalendarEntry.self)
        try await state.remember(made.id, for: settings.owner)
        found.withLock { $0 = made.id }
    }

    /// Ends the description of a calendar of ours, so that it is found again.
    private var mark: String { "[homeport:\(settings.owner)]" }

    /// The calendar to use: named, remembered, or found in the list by its mark. Nil when it is to be made.
    private func locate() async throws(CalendarServerError) -> String? {
        if let named = settings.calendarID { return named }
        if let known = found.withLock({ $0 }) { return known }
        var calendar = try await state.calendar(of: settings.owner)
        if calendar == nil, let listed = try await listed() {
            try await state.remember(listed, for: settings.owner)
            calendar = listed
        }
        found.withLock { $0 = calendar }
        return calendar
    }

    /// A calendar that a run made and was cut off before it could note it.
    private func listed() async throws(CalendarServerError) -> String? {
        var page: String?
        for _ in 0..<Self.pagesMax {
            let path =
                "users/me/calendarList?maxResults=250" + (page.map { "&pageToken=" + formEncoded($0) } ?? "")
            let answer = try await talk.send(.init(method: .GET, path: path))
            // An older permission may not include the list; then there is nothing to find it by.
            if answer.status == 403 {
                let error = GoogleTalk.error(answer, doing: "listing the calendars")
                if error.kind == .unavailable { throw error }
                return nil
            }
            guard answer.status == 200 else { throw GoogleTalk.error(answer, doing: "listing the calendars") }
            let list = try answer.decoded(CalendarPage.self)
            if let own = list.items?.first(where: { $0.description?.hasSuffix(mark) == true }) {
                return own.id
            }
            page = list.nextPageToken
            if page == nil { return nil }
        }
        return nil
    }

    package func apply(_ changes: [SyncChange]) async throws(CalendarServerError) -> [SyncOutcome] {
        guard let calendar = try await locate() else {
            throw CalendarServerError(.conflict, "google: the calendar is gone")
        }
        var calls: [GoogleTalk.Call] = []
        for change in changes { calls.append(try call(for: change, in: calendar)) }
        let answers = try await talk.send(batch: calls)
        var outcomes: [SyncOutcome] = []
        for (change, answer) in zip(changes, answers) {
            do throws(CalendarServerError) {
                try await settle(change, answer, in: calendar)
                outcomes.append(.done)
            } catch {
                outcomes.append(.failed(error))
            }
        }
        return outcomes
    }
}

extension GoogleCalendar {
    private func call(for change: SyncChange, in calendar: String) throws(CalendarServerError)
        -> GoogleTalk.Call
    {
        switch change {
        case .add(let wanted): try insertion(of: wanted, generation: 0, in: calendar)
        case .update(let existing, let wanted):
            try replacement(of: existing.address, entityTag: existing.entityTag, by: wanted, in: calendar)
        case .remove(let existing):
            .init(
                method: .DELETE, path: path(of: existing.address, in: calendar), ifMatch: existing.entityTag)
        }
    }

    private func insertion(
        of wanted: WantedEvent, generation: Int, in calendar: String
    ) throws(CalendarServerError) -> GoogleTalk.Call {
        let event = GoogleEvent(wanted, id: identifier(of: wanted, generation), owner: settings.owner)
        return .init(
            method: .POST, path: "calendars/\(formEncoded(calendar))/events", body: try Self.json(event))
    }

    private func replacement(
        of id: String, entityTag: String?, by wanted: WantedEvent, in calendar: String
    ) throws(CalendarServerError) -> GoogleTalk.Call {
        let event = GoogleEvent(wanted, id: id, owner: settings.owner)
        return .init(
            method: .PUT, path: path(of: id, in: calendar), body: try Self.json(event), ifMatch: entityTag)
    }

    private func path(of id: String, in calendar: String) -> String {
        "calendars/\(formEncoded(calendar))/events/\(formEncoded(id))"
    }

    private func identifier(of wanted: WantedEvent, _ generation: Int) -> String {
        let name = "\(settings.owner)/\(wanted.event.uid)"
        return StableName.of(generation == 0 ? name : "\(name)/\(generation)")
    }

    /// What an answer to a change means, and what else it takes.
    private func settle(
        _ change: SyncChange, _ answer: GoogleTalk.Answer, in calendar: String
    ) async throws(CalendarServerError) {
        switch (change, answer.status) {
        case (_, 200..<300), (.remove, 404), (.remove, 410): return
        case (.remove(let existing), 412):
            let standing = try await talk.send(
                .init(method: .GET, path: path(of: existing.address, in: calendar)))
            if [404, 410].contains(standing.status) { return }
            guard standing.status == 200, try standing.decoded(GoogleEvent.self).isCancelled else {
                throw GoogleTalk.error(answer, doing: "removing an event")
            }
        case (.add(let wanted), 409): try await replaceOrMoveOn(wanted, in: calendar)
        case (.update(let existing, let wanted), 404), (.update(let existing, let wanted), 410),
            (.update(let existing, let wanted), 403):
            let error = GoogleTalk.error(answer, doing: "writing an event")
            // A living event that has gone meanwhile is found by the next listing.
            guard existing.isDeleted, error.kind != .unavailable else { throw error }
            try await replaceOrMoveOn(wanted, in: calendar)
        default: throw GoogleTalk.error(answer, doing: "writing an event")
        }
    }

    /// An identifier is taken: by what a run that was cut off had written, by an event that was deleted and
    /// may come back or not, or by somebody else's. Takes the first of the event's identifiers that works.
    private func replaceOrMoveOn(_ wanted: WantedEvent, in calendar: String) async throws(CalendarServerError)
    {
        for generation in 0..<Self.generationsMax {
            let id = identifier(of: wanted, generation)
            let standing = try await talk.send(.init(method: .GET, path: path(of: id, in: calendar)))
            if standing.status == 404 {
                let made = try await talk.send(
                    try insertion(of: wanted, generation: generation, in: calendar))
                if made.status == 200 { return }
                guard made.status == 409 else { throw GoogleTalk.error(made, doing: "adding an event") }
                continue
            }
            guard standing.status == 200 || standing.status == 410 else {
                throw GoogleTalk.error(standing, doing: "reading an event")
            }
            let event = try? standing.decoded(GoogleEvent.self)
            if let event, !event.isCancelled {
                guard event.isOwned(by: settings.owner) else { continue }
                if event.asServerEvent?.digest == wanted.digest { return }
            }
            let answer = try await talk.send(
                try replacement(of: id, entityTag: event?.etag, by: wanted, in: calendar))
            if answer.status == 200 { return }
            guard [403, 404, 410].contains(answer.status) else {
                throw GoogleTalk.error(answer, doing: "bringing back an event")
            }
            let error = GoogleTalk.error(answer, doing: "bringing back an event")
            if error.kind == .unavailable { throw error }
        }
        throw CalendarServerError(.refused, "google takes none of the identifiers of an event")
    }

    private static func json(_ value: some Encodable) throws(CalendarServerError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            throw CalendarServerError(.refused, "an event cannot be written as JSON")
        }
    }
}

/// Parts of answers (Calendar API v3).
private struct EventPage: Decodable {
    let items: [GoogleEvent]?
    let nextPageToken: String?
}

private struct CalendarPage: Decodable {
    let items: [CalendarEntry]?
    let nextPageToken: String?
}

private struct CalendarEntry: Decodable {
    let id: String
    let description: String?
}

private struct NewCalendar: Encodable {
    let summary: String
    let description: String
    let timeZone: String
}
