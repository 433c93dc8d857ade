import Almanac
import Contracts
import FoundationEssentials
import ICalendar
import Testing
import Weather

/// Identifiers, counts and times of change move when something that is told does, and only then: also when the
/// program is started anew in between.
@Suite struct ChangeTests {
    private let clock = TestClock()
    private let archive = InMemoryForecastArchive()

    /// What an office tells that has just been started.
    private func told(
        _ plan: PlacePlan, windy: Set<Int>, from start: Date, fails: Bool = false
    ) async throws -> Outlook {
        let source = ScriptedSource(.openMeteo) { place, _ throws(SourceError) in
            guard !fails else { throw SourceError(.unavailable, "down") }
            return SourceAnswer(forecast: Sample.forecast(place, start: start, windy: windy))
        }
        return try await Sample.office([plan], [source], archive: archive, clock: clock).outlook(
            of: plan.place.id)
    }

    private func wind(_ outlook: Outlook) -> [TrackedEvent] {
        outlook.events.filter { $0.event.rule.description == "wind" }
    }

    @Test func aShiftByAnHourAcrossARestartIsAChangeOfTheSameEvent() async throws {
        let plan = PlacePlan(place: try Sample.place())
        let start = clock.now
        let first = try #require(wind(try await told(plan, windy: [40, 41], from: start)).first)
        clock.pass(4000)
        let second = try #require(wind(try await told(plan, windy: [41, 42], from: start)).first)
        #expect(second.event.seed == first.event.seed)
        #expect(second.sequence == 1)
        #expect(second.created == first.created)
        #expect(second.changed == clock.now)
        #expect(second.event.start == first.event.start.addingTimeInterval(3600))
        clock.pass(4000)
        let third = try #require(wind(try await told(plan, windy: [41, 42], from: start)).first)
        #expect(third == second)
    }

    @Test func anEventThatIsGoneKeepsItsNameAcrossARestart() async throws {
        let plan = PlacePlan(place: try Sample.place())
        let start = clock.now
        let first = try #require(wind(try await told(plan, windy: [40], from: start)).first)
        clock.pass(4000)
        #expect(wind(try await told(plan, windy: [], from: start)).isEmpty)
        clock.pass(4000)
        let others = wind(try await told(plan, windy: [45], from: start))
        #expect(others.map(\.event.seed) != [first.event.seed])
        clock.pass(4000)
        let back = wind(try await told(plan, windy: [40, 45], from: start))
        #expect(back.map(\.event.seed) == [first.event.seed] + others.map(\.event.seed))
        #expect(back.map(\.sequence) == [1, 0])
    }

    /// While a service is down summaries of days say how old they are. That note comes and goes, so calendars
    /// have to notice both: what changed last never becomes earlier.
    @Test func theNoteOfAnOldForecastComesAndGoes() async throws {
        let plan = PlacePlan(place: try Sample.place())
        let start = clock.now
        let fresh = try await told(plan, windy: [40], from: start)
        clock.pass(5 * 3600)
        let old = try await told(plan, windy: [40], from: start, fails: true)
        let staleSince = old.confirmed.addingTimeInterval(plan.staleAfter)
        clock.pass(3600)
        let again = try await told(plan, windy: [40], from: start)

        let days = try [(fresh, nil), (old, staleSince), (again, nil)].map { outlook, stale in
            let calendar = try #require(plan.usualCalendars.first)
            let document = outlook.document(
                calendar, language: .english, refresh: 3600, links: FeedLinks(), staleSince: stale)
            return try #require(document.events.first { $0.uid.hasPrefix("day-20260602") })
        }
        #expect(days.map { $0.description.hasPrefix("No news since") } == [false, true, false])
        #expect(days[0].description == days[2].description)
        #expect(days[0].changed < days[1].changed)
        #expect(days[1].changed < days[2].changed)
        #expect(again.changed == clock.now)
        #expect(wind(again) == wind(fresh), "nothing is said of the age there")
    }
}
