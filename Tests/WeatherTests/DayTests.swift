import FoundationEssentials
import Testing

@testable import Weather

@Suite struct DayTests {
    private func titles(_ forecast: Forecast, now: Date, _ change: (inout EventOptions) -> Void = { _ in })
        -> [String]
    {
        var options = EventOptions()
        options.icons = false
        change(&options)
        return forecast.events(under: [], options: options, clock: berlin, now: now).map(\.title)
    }

    @Test func theTitleHasTheOldForm() throws {
        let forecast = try forecast(from: "2026-05-31T22:00", hours: 24) { hours in
            hours[.temperature, 3] = 8.4
            hours[.temperature, 15] = 21.6
            hours[.rain, 15] = 2.5
            hours[.snow, 3] = 12
            hours.sky[15] = .rain
        }
        #expect(titles(forecast, now: utc("2026-06-01T05:00")) == ["8-22C 51% Rain:2.5 Snow:1.2 Rain"])
        #expect(
            titles(forecast, now: utc("2026-06-01T05:00")) { $0.language = .german }
                == ["8-22C 51% Regen:2,5 Schnee:1,2 Regen"])
        #expect(
            titles(forecast, now: utc("2026-06-01T05:00")) { $0.units = .imperial }
                == ["47-71F 51% Rain:0.10 Snow:0.47 Rain"])
    }

    /// The reference: 05:00Z on the day before the change, 04:00Z on the day of it, 05:00Z after the one in
    /// autumn.
    @Test func sixInTheMorningIsSixOnTheClock() throws {
        let spring = try forecast(from: "2026-03-27T23:00", hours: 72)
        let events = spring.events(
            under: [], options: EventOptions(), clock: berlin, now: utc("2026-03-28T00:00"))
        #expect(events.prefix(2).map(\.start) == [utc("2026-03-28T05:00"), utc("2026-03-29T04:00")])
        #expect(events.first.map { $0.end.timeIntervalSince($0.start) } == 900)
        let autumn = try forecast(from: "2026-10-24T22:00", hours: 48)
        let late = autumn.events(
            under: [], options: EventOptions(), clock: berlin, now: utc("2026-10-24T23:00"))
        #expect(late.first?.start == utc("2026-10-25T05:00"))
    }

    @Test func daysOfTwentyThreeAndTwentyFiveHoursAreWhole() throws {
        let spring = try forecast(from: "2026-03-28T00:00", hours: 72) { hours in
            for index in 0..<72 { hours[.rain, index] = 1 }
        }
        let rain = Dictionary(uniqueKeysWithValues: spring.days(clock: berlin).map { ($0.date, $0.rain) })
        #expect(rain[day("2026-03-29")] == 23)
        #expect(rain[day("2026-03-30")] == 24)
        let autumn = try forecast(from: "2026-10-24T00:00", hours: 72) { hours in
            for index in 0..<72 { hours[.rain, index] = 1 }
        }
        #expect(autumn.days(clock: berlin).first { $0.date == day("2026-10-25") }?.rain == 25)
    }

    @Test func theSourcesFiguresCountWhereTheHoursDoNotCoverTheDay() throws {
        var own = DayFigures(date: day("2026-06-02"))
        own.low = 3
        own.high = 30
        own.words = "Chance of Rain"
        var whole = DayFigures(date: day("2026-06-01"))
        whole.low = -50
        let forecast = try forecast(from: "2026-05-31T22:00", hours: 30, days: [whole, own])
        let days = forecast.days(clock: berlin)
        #expect(days.map(\.low) == [15, 3])
        #expect(days.map(\.high) == [15, 30])
        #expect(days.last?.words == "Chance of Rain")
    }

    @Test func aDayOfWhichLittleIsKnownIsLeftOut() throws {
        let forecast = try forecast(from: "2026-05-31T22:00", hours: 28)
        #expect(titles(forecast, now: utc("2026-06-01T05:00")).count == 1)
    }

    @Test func anAllDayEventEndsBeforeTheNextDay() throws {
        let forecast = try forecast(from: "2026-05-31T22:00", hours: 24)
        var options = EventOptions()
        options.day = .allDay
        let events = forecast.events(under: [], options: options, clock: berlin, now: utc("2026-06-01T05:00"))
        #expect(events.first?.form == .allDay(day("2026-06-01"), before: day("2026-06-02")))
    }

    @Test func theTemplateIsTheOwners() throws {
        let forecast = try forecast(from: "2026-05-31T22:00", hours: 24)
        #expect(
            titles(forecast, now: utc("2026-06-01T05:00")) { $0.dayTitle = "{place} {weekday} {high} {{x}}" }
                == ["Berlin Mon 15 {x}"])
    }

    @Test(arguments: ["{nothing}", "{high", "high}", "[high", "high]"])
    func aTemplateThatMakesNoSenseIsRefused(_ text: String) {
        #expect(throws: TitleTemplate.Mistake.self) { try TitleTemplate(text, words: TitleTemplate.dayWords) }
    }

    @Test func theSunRisesWhenAlmanacsSay() throws {
        // Berlin, 21 June and 21 December 2026; and Tromsø, where it does not.
        let sun = SunTimes(latitude: 52.52, longitude: 13.41)
        guard case .risesAndSets(let rise, let set) = sun.day(around: utc("2026-06-21T11:00")) else {
            Issue.record("the sun of June")
            return
        }
        #expect(abs(rise.timeIntervalSince(utc("2026-06-21T02:43"))) < 90)
        #expect(abs(set.timeIntervalSince(utc("2026-06-21T19:33"))) < 90)
        let north = SunTimes(latitude: 69.65, longitude: 18.96)
        #expect(north.day(around: utc("2026-06-21T11:00")) == .upAllDay)
        #expect(north.day(around: utc("2026-12-21T11:00")) == .downAllDay)
    }

    @Test func sunriseAndSunsetAreEventsWhenAskedFor() throws {
        let forecast = try forecast(from: "2026-05-31T22:00", hours: 48)
        let events = forecast.events(
            under: [], options: plain { $0.sun = true }, clock: berlin, now: utc("2026-06-01T05:00"))
        #expect(events.map(\.kind) == [.sunrise, .sunset, .sunrise, .sunset])
        #expect(events.map(\.seed).first == "sunrise-20260601")
    }
}
