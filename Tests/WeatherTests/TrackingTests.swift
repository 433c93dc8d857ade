import FoundationEssentials
import Testing

@testable import Weather

@Suite struct TrackingTests {
    private let now = utc("2026-06-01T00:00")
    private let rules = EventRule.standard.filter { ["wind", "rain", "uv"].contains($0.id.description) }

    private func events(_ forecast: Forecast, at moment: Date) -> [WeatherEvent] {
        forecast.events(under: rules, options: plain(), clock: berlin, now: moment)
    }

    private func windy(_ hours: [Int]) throws -> Forecast {
        try forecast(from: "2026-06-01T00:00", hours: 72) { table in
            for hour in hours { table[.wind, hour] = 10 }
        }
    }

    @Test func nothingMovesWhenNothingChanged() throws {
        let events = events(try windy([10, 11, 40]), at: now)
        let first = EventHistory().tracking(events, now: now)
        let later = first.history.tracking(events, now: now.addingTimeInterval(3600))
        #expect(later.events == first.events)
        #expect(later.history == first.history)
    }

    @Test func aShiftByAnHourKeepsTheIdentifierAndRaisesTheSequence() throws {
        let first = EventHistory().tracking(events(try windy([10, 11]), at: now), now: now)
        let soon = now.addingTimeInterval(600)
        let second = first.history.tracking(events(try windy([11, 12]), at: now), now: soon)
        #expect(second.events.map(\.event.seed) == first.events.map(\.event.seed))
        #expect(second.events.map(\.sequence) == [1])
        #expect(second.events.map(\.changed) == [soon])
        #expect(second.events.map(\.created) == [now])
    }

    @Test func anHourThatMovesToTheNextIsStillTheSame() throws {
        let first = EventHistory().tracking(events(try windy([10]), at: now), now: now)
        let second = first.history.tracking(events(try windy([11]), at: now), now: now)
        #expect(second.events.map(\.event.seed) == first.events.map(\.event.seed))
    }

    @Test func aNewEventBeforeAnotherDoesNotTakeItsIdentifier() throws {
        let first = EventHistory().tracking(events(try windy([15, 16]), at: now), now: now)
        #expect(first.events.map(\.event.seed) == ["wind-20260601-1"])
        let second = first.history.tracking(events(try windy([3, 15, 16]), at: now), now: now)
        #expect(second.events.map(\.event.seed) == ["wind-20260601-2", "wind-20260601-1"])
        #expect(second.events.map(\.sequence) == [0, 0])
    }

    @Test func anIdentifierIsNotGivenToAnotherThingLater() throws {
        let first = EventHistory().tracking(events(try windy([3]), at: now), now: now)
        let none = first.history.tracking(events(try windy([]), at: now), now: now)
        #expect(none.events.isEmpty)
        let other = none.history.tracking(events(try windy([15]), at: now), now: now)
        #expect(other.events.map(\.event.seed) == ["wind-20260601-2"])
        let back = other.history.tracking(events(try windy([3, 15]), at: now), now: now)
        #expect(back.events.map(\.event.seed) == ["wind-20260601-1", "wind-20260601-2"])
        #expect(back.events.map(\.sequence) == [1, 0])
    }

    @Test func whatIsLongGoneIsForgotten() throws {
        let first = EventHistory().tracking(events(try windy([3]), at: now), now: now)
        let later = now.addingTimeInterval(10 * 86_400)
        let gone = first.history.tracking([], now: now).history
        #expect(gone.entries.count == 1)
        #expect(gone.tracking([], now: later).history.entries.isEmpty)
    }

    /// The bar: at least nine of ten identifiers stay when everything comes an hour earlier or later.
    @Test(arguments: [-1, 1], [1, 2, 3, 4, 5]) func mostIdentifiersSurviveAShift(_ shift: Int, _ seed: UInt64)
        throws
    {
        var random = Steps(state: seed)
        var table = HourTable(start: utc("2026-06-01T00:00"), count: 240)
        var left = 0
        var isOn = false
        for index in 0..<240 {
            if left == 0 {
                isOn.toggle()
                left = Int(random.next() % (isOn ? 6 : 14)) + 1
            }
            left -= 1
            table[.wind, index] = isOn ? 7 + Double(random.next() % 50) / 10 : 1
            table[.rain, index] = isOn && index % 3 > 0 ? 1 : 0
            table[.uvIndex, index] = (10..<16).contains(index % 24) ? 5 : 0
        }
        var shifted = table
        for quantity in [Quantity.wind, .rain, .uvIndex] {
            for index in 0..<240 {
                let from = index - shift
                shifted[quantity, index] = (0..<240).contains(from) ? table[quantity, from] : 0
            }
        }
        let first = EventHistory().tracking(events(try forecast(table), at: now), now: now)
        let second = first.history.tracking(events(try forecast(shifted), at: now), now: now)
        let before = Set(first.events.map(\.event.seed))
        let kept = second.events.count { before.contains($0.event.seed) }
        #expect(before.count > 30)
        #expect(Double(kept) >= 0.9 * Double(second.events.count), "\(kept) of \(second.events.count)")
        #expect(Set(second.events.map(\.event.seed)).count == second.events.count)
    }

    /// Numbers that are the same in every run.
    private struct Steps: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }
}
