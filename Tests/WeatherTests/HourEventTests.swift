import FoundationEssentials
import Testing

@testable import Weather

@Suite struct HourEventTests {
    private let now = utc("2026-06-01T00:00")

    private func wind(_ speeds: [Int: Double], rule change: (inout EventRule) -> Void = { _ in }) throws
        -> [WeatherEvent]
    {
        let forecast = try forecast(from: "2026-06-01T00:00", hours: 48) { hours in
            for (index, speed) in speeds { hours[.wind, index] = speed / 3.6 }
        }
        var rule = try #require(EventRule.standard.first { $0.id.description == "wind" })
        change(&rule)
        return forecast.events(under: [rule], options: plain(), clock: berlin, now: now)
    }

    @Test func adjacentHoursBecomeOneEventWithItsPeak() throws {
        let events = try wind([10: 25, 11: 40.4, 12: 24, 20: 30])
        #expect(events.count == 2)
        let first = try #require(events.first)
        #expect(first.start == utc("2026-06-01T10:00"))
        #expect(first.end == utc("2026-06-01T13:00"))
        #expect(first.title == "Wind 40 km/h (13:00)")
        #expect(first.lines == ["12:00 25 km/h", "13:00 40 km/h", "14:00 24 km/h", "Data: test data"])
        #expect(first.peak?.at == utc("2026-06-01T11:00"))
        #expect(events.last?.title == "Wind 30 km/h")
    }

    @Test func theThresholdItselfIsNotPassed() throws {
        #expect(try wind([10: 23]).isEmpty)
        #expect(try wind([10: 23.1]).count == 1)
    }

    @Test func anEventGoesOnUntilItsExitThreshold() throws {
        let rule = { (rule: inout EventRule) in
            rule.when = .compare(Comparison(.quantity(.wind), .above, 23 / 3.6, exit: 18 / 3.6))
        }
        let events = try wind([9: 20, 10: 25, 11: 20, 12: 19, 13: 17, 14: 20], rule: rule)
        #expect(events.map(\.start) == [utc("2026-06-01T10:00")])
        #expect(events.map(\.end) == [utc("2026-06-01T13:00")])
    }

    @Test func shortPausesAreBridgedAndShortEventsLeftOut() throws {
        let hours: [Int: Double] = [3: 30, 10: 30, 12: 30, 15: 30]
        let events = try wind(hours) {
            $0.bridgeHours = 1
            $0.minimumHours = 2
        }
        #expect(events.map(\.start) == [utc("2026-06-01T10:00")])
        #expect(events.map(\.end) == [utc("2026-06-01T13:00")])
    }

    @Test func whatIsBeyondTheHorizonIsLeftOut() throws {
        let events = try wind([10: 30, 36: 30]) { $0.horizonDays = 0 }
        #expect(events.map(\.start) == [utc("2026-06-01T10:00")])
    }

    @Test func missingIsNotZero() throws {
        let forecast = try forecast(from: "2026-06-01T00:00", hours: 4) { hours in
            hours[.temperature, 1] = nil
            hours[.temperature, 2] = -11
        }
        let rules = EventRule.standard.filter { ["cold", "heat", "muggy"].contains($0.id.description) }
        let events = forecast.events(under: rules, options: plain(), clock: berlin, now: now)
        #expect(events.map(\.rule.description) == ["cold", "muggy"])
        #expect(events.first?.start == utc("2026-06-01T02:00"))
    }

    @Test func rainTellsItsSumItsPeakAndItsChance() throws {
        let forecast = try forecast(from: "2026-06-01T00:00", hours: 24) { hours in
            for (index, millimetres) in [(14, 0.4), (15, 2.1), (16, 3.5)] {
                hours[.rain, index] = millimetres
            }
            hours[.chance, 15] = 80
        }
        let events = forecast.events(under: EventRule.standard, options: plain(), clock: berlin, now: now)
        let rain = try #require(events.first)
        #expect(rain.title == "Rain 6 mm (peak 3.5 mm/h 18:00)")
        #expect(rain.lines.contains("17:00 2.1 mm, 80 %"))
        #expect(rain.sum?.value == 6)
    }

    @Test func whatIsFinishedStaysUntilMidnight() throws {
        let forecast = try forecast(from: "2026-05-31T00:00", hours: 48) { hours in
            hours[.wind, 10] = 10
            hours[.wind, 30] = 10
        }
        let rules = EventRule.standard.filter { $0.id.description == "wind" }
        let evening = utc("2026-06-01T20:00")
        let today = forecast.events(under: rules, options: plain(), clock: berlin, now: evening)
        #expect(today.map(\.seed) == ["wind-20260601-1"])
        let all = forecast.events(
            under: rules, options: plain { $0.keepsPast = true }, clock: berlin, now: evening)
        #expect(all.count == 2)
    }

    @Test func aBlockOfSixHoursIsOneLine() throws {
        let forecast = try forecast(from: "2026-06-01T00:00", hours: 24) { hours in
            for index in 6..<12 {
                hours[.rain, index] = 0.5
                hours.blockHours[index] = 6
            }
        }
        let rules = EventRule.standard.filter { $0.id.description == "rain" }
        let events = forecast.events(under: rules, options: plain(), clock: berlin, now: now)
        #expect(events.first?.lines.first == "08:00–14:00 3 mm")
    }

    @Test func unitsAndLanguageAreTheReaders() throws {
        let forecast = try forecast(from: "2026-06-01T00:00", hours: 24) { hours in
            hours[.wind, 10] = 10
            hours[.rain, 12] = 5.5
        }
        let told = { (units: Units, language: Language) in
            forecast.events(
                under: EventRule.standard,
                options: plain {
                    $0.units = units
                    $0.language = language
                }, clock: berlin, now: now
            ).map(\.title)
        }
        #expect(told(.imperial, .english) == ["Wind 22 mph", "Rain 0.22 in"])
        #expect(told(.beaufort, .german) == ["Wind 5 Bft", "Regen 5,5 mm"])
    }

    @Test func anEventLooksAsItsRuleSays() throws {
        let events = try wind([10: 30, 11: 40]) {
            $0.name = "Storm"
            $0.title = "{name} {from}–{to}, {low} to {high}, {hours} h"
            $0.icon = "🌪"
            $0.category = "outdoors"
            $0.color = .crimson
            $0.alarmMinutes = 90
            $0.calendar = "sailing"
        }
        let event = try #require(events.first)
        #expect(event.title == "Storm 12:00–14:00, 30 km/h to 40 km/h, 2 h")
        #expect(event.icon == "🌪")
        #expect(event.category == "outdoors")
        #expect(event.color == .crimson)
        #expect(event.alarmMinutes == 90)
        #expect(event.calendar == "sailing")
        #expect(event.rule.description == "wind", "the name of the rule stays, and with it the identifier")
    }

    /// Two quantities at once, either of two, the sun and the clock.
    @Test func rulesMayBeCombined() throws {
        let forecast = try forecast(from: "2026-06-01T00:00", hours: 24) { hours in
            for index in 8..<20 { hours[.temperature, index] = 25 }
            hours[.rain, 10] = 2
            hours[.wind, 12] = 9
        }
        let hours = { (text: String) in
            let rule = EventRule(
                id: try #require(RuleID("own")), when: try Predicate(text), shows: .temperature,
                category: "own")
            return forecast.events(under: [rule], options: plain(), clock: berlin, now: now).map { event in
                "\(berlin.civil(at: event.start).clock)–\(berlin.civil(at: event.end).clock)"
            }
        }
        #expect(try hours("temperature > 20 and rain = 0") == ["10:00–12:00", "13:00–22:00"])
        #expect(
            try hours("temperature > 20 and (rain > 1 or wind > 30 km/h)") == ["12:00–13:00", "14:00–15:00"])
        #expect(try hours("temperature > 20 and hour 16..18") == ["16:00–18:00"])
        #expect(try hours("temperature > 20 and night") == ["21:00–22:00"])
    }

    @Test func iconsAreThereWhenWanted() throws {
        let forecast = try forecast(from: "2026-06-01T00:00", hours: 24) { $0[.wind, 10] = 10 }
        let events = forecast.events(
            under: EventRule.standard, options: plain { $0.icons = true }, clock: berlin, now: now)
        #expect(events.first?.title == "💨 Wind 36 km/h")
    }

    @Test func goodHoursAreDryMildAndInDaylight() throws {
        let forecast = try forecast(from: "2026-06-01T00:00", hours: 24) { hours in
            for index in 0..<24 { hours[.chance, index] = 0 }
            hours[.precipitation, 12] = 1
        }
        let events = forecast.events(under: EventRule.windows, options: plain(), clock: berlin, now: now)
        let outdoor = events.filter { $0.rule.description == "outdoor" }
        #expect(outdoor.map(\.kind) == [.window, .window])
        // The sun rises at 04:47 and sets at 21:20 of the clock; hours count by their middle.
        #expect(outdoor.first?.start == utc("2026-06-01T03:00"))
        #expect(outdoor.first?.end == utc("2026-06-01T12:00"))
        #expect(outdoor.last?.end == utc("2026-06-01T19:00"))
    }
}
