package import Almanac
import ICalendar
import Testing

/// What every `CalendarServer` promises.
///
/// - Parameters:
///   - server: one whose calendar has not been made yet.
///   - visible: the summaries that somebody who opens the calendar sees, sorted.
package func checkCalendarServerContract(
    _ server: any CalendarServer, visible: () async throws -> [String]
) async throws {
    #expect(try await server.ownEvents() == nil, "there is no calendar yet")
    try await server.makeCalendar()
    try await server.makeCalendar()
    #expect(try await server.ownEvents() == [], "a new calendar holds nothing of ours")

    let rain = sampleEvent("rain-20260329-1@x", summary: "🌧 Rain; 6 mm, heavy\nsecond line")
    let day = sampleDay("day-20260329@x", summary: "2-9 C")
    let clock = sampleClock("sunrise-20260329@x", summary: "Sunrise")
    let added = try await server.apply([.add(rain), .add(day), .add(clock)])
    #expect(added == [.done, .done, .done])
    let listed = try await server.ownEvents() ?? []
    #expect(Set(listed.compactMap(\.uid)) == [rain.event.uid, day.event.uid, clock.event.uid])
    #expect(Set(listed.compactMap(\.digest)) == [rain.digest, day.digest, clock.digest])
    #expect(try await visible() == [rain, day, clock].map(\.event.summary).sorted())

    #expect(try await server.apply([.add(rain)]) == [.done], "adding what is there is done already")
    #expect(try await server.ownEvents()?.count == 3)

    let heavier = sampleEvent("rain-20260329-1@x", summary: "Rain 9 mm")
    let current = try await living(rain.event.uid, on: server)
    #expect(try await server.apply([.update(current, to: heavier)]) == [.done])
    #expect(try await living(rain.event.uid, on: server).digest == heavier.digest)
    let stale = try await server.apply([.update(current, to: rain)])
    guard case .failed(let error) = stale[0] else {
        Issue.record("an update of an old version must fail")
        return
    }
    #expect(error.kind == .conflict)
    #expect(try await living(rain.event.uid, on: server).digest == heavier.digest, "and changes nothing")

    let removed = try await living(day.event.uid, on: server)
    #expect(try await server.apply([.remove(removed)]) == [.done])
    #expect(try await server.apply([.remove(removed)]) == [.done], "removing what is gone is done already")
    #expect(try await visible() == [heavier, clock].map(\.event.summary).sorted())

    // What was deleted can come back under the same UID, whether or not the server remembers it.
    let memory = try await server.ownEvents()?.first { $0.uid == day.event.uid }
    let back = try await server.apply([memory.map { .update($0, to: day) } ?? .add(day)])
    #expect(back == [.done])
    #expect(try await visible() == [heavier, clock, day].map(\.event.summary).sorted())
}

private func living(_ uid: String, on server: any CalendarServer) async throws -> ServerEvent {
    try #require(try await server.ownEvents()?.first { $0.uid == uid && !$0.isDeleted })
}

/// An event of one hour in UTC.
package func sampleEvent(_ uid: String, summary: String, start: Int = 1_774_756_800) -> WantedEvent {
    var event = ICalendar.Event(
        uid: uid, span: .moments(start: UTCSeconds(start), end: UTCSeconds(start + 3600)), summary: summary,
        changed: UTCSeconds(1_774_000_000))
    event.description = "05:00 2 mm\n06:00 4 mm"
    event.location = "Berlin"
    event.position = .init(latitude: 52.52, longitude: 13.41)
    event.url = "https://example.com/weather/berlin"
    event.categories = ["Weather"]
    event.color = NamedColor("steelblue")
    event.alarms = [.init(secondsBefore: 900, text: "Rain")]
    return WantedEvent(event)
}

/// An event of one whole day.
package func sampleDay(_ uid: String, summary: String) -> WantedEvent {
    let day = CivilDate(year: 2026, month: 3, day: 29)
    let next = CivilDate(daysSinceEpoch: day.daysSinceEpoch + 1)
    return WantedEvent(
        Event(
            uid: uid, span: .days(start: day, end: next), summary: summary, changed: UTCSeconds(1_774_000_000)
        ))
}

/// An event on the clock of Berlin.
package func sampleClock(_ uid: String, summary: String) -> WantedEvent {
    let day = CivilDate(year: 2026, month: 3, day: 29)
    let span = Event.Span.clock(
        start: CivilDateTime(date: day, secondOfDay: 21_600),
        end: CivilDateTime(date: day, secondOfDay: 22_500),
        zone: "Europe/Berlin")
    return WantedEvent(Event(uid: uid, span: span, summary: summary, changed: UTCSeconds(1_774_000_000)))
}
