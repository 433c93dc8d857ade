package import Audit
import FoundationEssentials
import ServerKit
import Testing

/// What every `AuditTrail` promises.
///
/// A backend's tests call this once, with an empty trail.
package func checkAuditTrailContract(_ trail: any AuditTrail) async throws {
    #expect(try await trail.entries(AuditFilter(), after: nil, limit: 9) == [], "a new trail is empty")
    #expect(try await trail.forget(before: .distantFuture, keeping: 0, limit: 9) == 0)
    try await trail.record([])
    try await checkFields(trail)
    try await checkFilters(trail)
    try await checkPages(trail)
    try await checkForgetting(trail)
}

/// An event of a number of seconds after the beginning.
private func event(
    _ second: Int, by account: String = "alice", _ action: AuditAction = .pull, of subject: String = "app"
) -> AuditEvent {
    AuditEvent(
        at: Samples.date.addingTimeInterval(Double(second)), account: account,
        origin: RequestOrigin(address: "192.0.2.7", requestID: "r\(second)"), action: action,
        subject: subject)
}

private func checkFields(_ trail: any AuditTrail) async throws {
    let events = [
        AuditEvent(
            at: Samples.date, account: "alice",
            origin: RequestOrigin(address: "2001:db8::1", requestID: "abc"), action: .push,
            outcome: .refused, subject: "team/app", detail: "v1\u{1B}[31m", count: 7),
        AuditEvent(
            at: Samples.date.addingTimeInterval(1), account: "root",
            origin: RequestOrigin(commandUser: "root"), action: .addAccount, subject: "bob"),
        AuditEvent(
            at: Samples.date.addingTimeInterval(2), account: "", origin: RequestOrigin(),
            action: .collection, outcome: .failed, subject: ""),
    ]
    try await trail.record(events)
    let read = try await trail.entries(AuditFilter(), after: nil, limit: 9)
    #expect(read.map(\.event) == events.reversed(), "what was written is read, the newest first")
    #expect(read.map(\.id) == read.map(\.id).sorted(by: >), "and has a number that rises")
    _ = try await trail.forget(before: .distantFuture, keeping: 0, limit: 9)
}

private func checkFilters(_ trail: any AuditTrail) async throws {
    try await trail.record([
        event(1, by: "alice", .push, of: "one"), event(2, by: "bob", .push, of: "two"),
        event(3, by: "alice", .pull, of: "two"), event(4, by: "alice", .push, of: "two"),
    ])
    func seconds(_ filter: AuditFilter) async throws -> [Int] {
        try await trail.entries(filter, after: nil, limit: 9).map {
            Int($0.event.at.timeIntervalSince(Samples.date))
        }
    }
    func date(_ second: Double) -> Date { Samples.date.addingTimeInterval(second) }
    #expect(try await seconds(AuditFilter(account: "alice")) == [4, 3, 1])
    #expect(try await seconds(AuditFilter(action: .push)) == [4, 2, 1])
    #expect(try await seconds(AuditFilter(subject: "two")) == [4, 3, 2])
    #expect(try await seconds(AuditFilter(account: "alice", action: .push, subject: "two")) == [4])
    #expect(try await seconds(AuditFilter(since: date(2))) == [4, 3, 2], "from that moment on")
    #expect(try await seconds(AuditFilter(until: date(2))) == [2, 1], "up to that moment, and with it")
    #expect(try await seconds(AuditFilter(account: "alice", since: date(2), until: date(3.5))) == [3])
    #expect(try await seconds(AuditFilter(account: "ali")) == [], "whole names only")
    #expect(try await seconds(AuditFilter(account: "nobody")) == [])
    _ = try await trail.forget(before: .distantFuture, keeping: 0, limit: 9)
}

private func checkPages(_ trail: any AuditTrail) async throws {
    // Two at each moment, so that a page can end between them.
    try await trail.record((0..<10).map { event($0 / 2, of: "s\($0)") })
    let all = try await trail.entries(AuditFilter(), after: nil, limit: 99)
    #expect(all.map(\.event.subject) == (0..<10).reversed().map { "s\($0)" })
    var paged: [AuditEntry] = []
    while true {
        let page = try await trail.entries(AuditFilter(account: "alice"), after: paged.last, limit: 3)
        if page.isEmpty { break }
        paged += page
    }
    #expect(paged == all, "page by page the same")
    _ = try await trail.forget(before: .distantFuture, keeping: 0, limit: 99)
}

private func checkForgetting(_ trail: any AuditTrail) async throws {
    try await trail.record((0..<10).map { event($0) })
    func left() async throws -> [Int] {
        try await trail.entries(AuditFilter(), after: nil, limit: 99).map {
            Int($0.event.at.timeIntervalSince(Samples.date))
        }
    }
    let third = Samples.date.addingTimeInterval(3)
    #expect(try await trail.forget(before: third, keeping: 100, limit: 2) == 2, "up to the limit")
    #expect(try await left() == [9, 8, 7, 6, 5, 4, 3, 2])
    #expect(try await trail.forget(before: third, keeping: 100, limit: 9) == 1, "what is older goes")
    #expect(try await trail.forget(before: .distantPast, keeping: 4, limit: 2) == 2)
    #expect(try await trail.forget(before: .distantPast, keeping: 4, limit: 9) == 1, "and what is too much")
    #expect(try await left() == [9, 8, 7, 6], "the newest stay")
    #expect(try await trail.forget(before: .distantPast, keeping: 4, limit: 9) == 0)
    _ = try await trail.forget(before: .distantFuture, keeping: 0, limit: 9)
}
