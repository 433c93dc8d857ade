import Almanac
import NIOHTTP1
import XMLKit

/// Finds the calendar that an address means (RFC 6764, 6): itself, or one in the home of the account behind
/// it.
struct CalDAVDiscovery {
    let talk: DAVTalk
    /// What a calendar in the home is called in addresses.
    let calendarName: String

    private static let redirectsMax = 5

    func calendar(from start: DAVAddress) async throws(CalendarServerError) -> DAVAddress {
        guard let (address, resource) = try await look(at: start) else {
            // Nothing is there: it is to be made right there.
            return start
        }
        let kind = resource.property(.dav("resourcetype"))
        if kind?.first(.calDAV("calendar")) != nil { return address }
        if let home = resource.home { return try await inside(home, seenFrom: address) }
        guard let principal = resource.property(.dav("current-user-principal"))?.first(.dav("href")) else {
            throw CalendarServerError(
                .refused, "\(talk.label) is neither a calendar nor the address of an account")
        }
        let door = try follow(principal.text.trimmed, from: address)
        guard let (owner, details) = try await look(at: door), let home = details.home else {
            throw CalendarServerError(
                .refused, "\(talk.label) does not say where the calendars of its account are")
        }
        return try await inside(home, seenFrom: owner)
    }

    private func inside(_ home: String, seenFrom address: DAVAddress) async throws(CalendarServerError)
        -> DAVAddress
    {
        guard let calendar = try follow(home, from: address).appending(calendarName) else {
            throw CalendarServerError(.misunderstood, "\(talk.label) names a home that is no address")
        }
        return calendar
    }

    private func follow(_ reference: String, from address: DAVAddress) throws(CalendarServerError)
        -> DAVAddress
    {
        guard let target = address.following(reference) else {
            throw CalendarServerError(
                .refused, "\(talk.label) leads to a server that is not to have its password")
        }
        return target
    }

    /// The properties of a resource and where it really is; nil when nothing is there.
    private func look(at start: DAVAddress) async throws(CalendarServerError) -> (
        DAVAddress, MultiStatus.Resource
    )? {
        var address = start
        for _ in 0...Self.redirectsMax {
            let answer = try await talk.send(
                "PROPFIND", address, headers: ["Depth": "0"], xml: CalDAVRequests.discovery)
            if answer.status == 404 || answer.status == 410 { return nil }
            if [301, 302, 303, 307, 308].contains(answer.status),
                let next = answer.headers.first(name: "Location")
            {
                address = try follow(next, from: address)
                continue
            }
            let status = try talk.multiStatus(answer, doing: "looking for the calendar")
            return status.resources.first.map { (address, $0) }
        }
        throw CalendarServerError(.misunderstood, "\(talk.label) sends its callers in circles")
    }
}

extension MultiStatus.Resource {
    /// Where the account's calendars are.
    fileprivate var home: String? {
        property(.calDAV("calendar-home-set"))?.first(.dav("href")).map(\.text.trimmed)
    }
}
