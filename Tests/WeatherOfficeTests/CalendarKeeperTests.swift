import Almanac
import Contracts
import FoundationEssentials
import ICalendar
import Synchronization
import Testing
import TimeKit
import Weather

/// When calendars on servers are written, as the hours go by.
@Suite(.timeLimit(.minutes(5))) struct CalendarKeeperTests {
    private let clock = TestClock()
    private let server = InMemoryCalendarServer()

    /// Lets the keeper look so many times, with five minutes between two looks: it waits a minute at a time,
    /// and a slow machine need not live through each.
    private func keep(looks: Int, source: ScriptedSource) async throws -> [CalendarKeeper.Run] {
        let count = Counter()
        let world = WeatherOffice.Surroundings(
            now: { [clock] in clock.now }, chance: { 0.5 },
            pause: { [clock] duration in
                guard count.next() < looks else { throw CancellationError() }
                clock.pass(5 * Double(duration.components.seconds))
            })
        let plan = PlacePlan(place: try Sample.place())
        let office = WeatherOffice(
            places: [plan], sources: [source], archive: InMemoryForecastArchive(), zones: ZoneDatabase(),
            world: world)
        let runs = Mutex<[CalendarKeeper.Run]>([])
        let name = try #require(CalendarName("mine"))
        let calendar = KeptCalendar(
            name: "mine", plan: CalendarPlan(name: name, place: plan.place.id, title: "Weather")
        ) { [server] _ in server }
        let keeper = CalendarKeeper(
            office: office, calendars: [calendar], clock: PushClock(), world: world,
            report: { run in runs.withLock { $0.append(run) } })
        await keeper.run()
        return runs.withLock { $0 }
    }

    private func source(windy: @Sendable @escaping (Date) -> Set<Int> = { _ in [10, 11] }) -> ScriptedSource {
        let start = clock.now
        return ScriptedSource(.openMeteo) { [clock] place, _ in
            SourceAnswer(
                forecast: Sample.forecast(place, start: start, windy: windy(clock.now), count: 300))
        }
    }

    @Test func anUnchangedForecastIsLookedAtEveryThreeHoursAndWrittenOnce() async throws {
        let runs = try await keep(looks: 6 * 12 + 2, source: source())
        #expect(runs.count == 3, "at the start, and after three and six hours")
        #expect(runs.map(\.isDone) == [true, true, true])
        #expect(runs[0].written > 0 && runs.dropFirst().allSatisfy { $0.written == 0 })
        #expect(server.withState { $0.listings } == 3)
    }

    @Test func aForecastThatChangesAllTheTimeIsWrittenOnceAnHour() async throws {
        let start = clock.now
        let restless = source { now in
            let hours = Int(now.timeIntervalSince(start) / 3600)
            return [20 + hours, 21 + hours, 60 + 3 * hours]
        }
        let runs = try await keep(looks: 5 * 12, source: restless)
        #expect((4...5).contains(runs.count), "\(runs)")
        #expect(runs.allSatisfy { $0.written > 0 })
    }

    @Test func aServerThatFailsIsTriedAgainAfterAnHour() async throws {
        let down = CalendarServerError(.refused, "it does not want to")
        server.withState { $0.listFailures = [down] }
        let runs = try await keep(looks: 14, source: source())
        #expect(runs.map(\.isDone) == [false, true])
        #expect(!server.visible.isEmpty)
    }

    @Test func withoutAForecastNothingIsTouched() async throws {
        let silent = ScriptedSource(.openMeteo) { _, _ throws(SourceError) in
            throw SourceError(.unavailable, "it does not answer")
        }
        #expect(try await keep(looks: 6, source: silent).isEmpty)
        #expect(server.withState { $0.listings } == 0)
    }
}
