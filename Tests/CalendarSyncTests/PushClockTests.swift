import Almanac
import Foundation
import Testing

@Suite struct PushClockTests {
    private let start = Date(timeIntervalSince1970: 1_774_000_000)

    private func clock(isDone: Bool = true, chance: Double = 0.5) -> PushClock {
        var clock = PushClock()
        clock.ran(at: start, changed: start, isDone: isDone, chance: chance)
        return clock
    }

    @Test func theFirstRunIsAtOnce() {
        #expect(PushClock().isDue(at: start, changed: start))
    }

    @Test func withoutNewsItIsDueAfterThreeHours() {
        #expect(!clock().isDue(at: start + 3 * 3600 - 1, changed: start))
        #expect(clock().isDue(at: start + 3 * 3600, changed: start))
    }

    @Test func newsIsWrittenWithinTheHourAndNotSooner() {
        #expect(!clock().isDue(at: start + 3599, changed: start + 60))
        #expect(clock().isDue(at: start + 3600, changed: start + 60))
    }

    @Test func whatCouldNotBeWrittenIsTriedAgainAfterAnHour() {
        #expect(!clock(isDone: false).isDue(at: start + 3599, changed: start))
        #expect(clock(isDone: false).isDue(at: start + 3600, changed: start))
    }

    @Test func programsDoNotComeAtOnce() {
        #expect(clock(chance: 0).isDue(at: start + 0.96 * 3 * 3600, changed: start))
        #expect(!clock(chance: 1).isDue(at: start + 1.04 * 3 * 3600, changed: start))
    }

    @Test func aClockThatWasSetBackDoesNoHarm() {
        #expect(clock().isDue(at: start - 86_400, changed: start))
    }
}
