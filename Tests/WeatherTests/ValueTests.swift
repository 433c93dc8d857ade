import FoundationEssentials
import Testing

@testable import Weather

@Suite struct ValueTests {
    @Test func datesAreNumbersAndBack() {
        for number in stride(from: -200_000, to: 200_000, by: 37) {
            let date = CivilDate(number: number)
            #expect(date.number == number)
            #expect(CivilDate(year: date.year, month: date.month, day: date.day) == date || date.year < 1)
        }
        #expect(CivilDate(number: 0).description == "1970-01-01")
        #expect(day("2026-03-29").weekday == 7)
        #expect(CivilDate(year: 2026, month: 2, day: 29) == nil)
        #expect(CivilDate("2026-3-29") == nil)
    }

    @Test(arguments: [
        (0.0, 0, "0"), (-0.4, 0, "0"), (2.5, 0, "2"), (3.5, 0, "4"), (1.25, 1, "1.2"), (-10.75, 2, "-10.75"),
        (24.0, 1, "24.0"), (1e9, 0, "1000000000"),
    ]) func numbersAreWrittenAsCWritesThem(_ value: Double, _ places: Int, _ text: String) {
        #expect(Decimals.text(value, places: places) == text)
    }

    @Test func theClockSkipsAndRepeats() {
        #expect(berlin.moment(day("2026-03-29"), minuteOfDay: 150) == utc("2026-03-29T01:00"))
        #expect(berlin.moment(day("2026-10-25"), minuteOfDay: 150) == utc("2026-10-25T00:30"))
        #expect(berlin.civil(at: utc("2026-03-29T00:59")).clock == "01:59")
        #expect(berlin.civil(at: utc("2026-03-29T01:00")).clock == "03:00")
        let length = { (range: Range<Date>) in range.upperBound.timeIntervalSince(range.lowerBound) / 3600 }
        #expect(length(berlin.interval(of: day("2026-03-29"))) == 23)
        #expect(length(berlin.interval(of: day("2026-10-25"))) == 25)
    }

    @Test func placesLieOnTheGlobe() throws {
        let id = try #require(PlaceID("berlin"))
        #expect(Place(id: id, name: "x", latitude: 91, longitude: 0) == nil)
        #expect(Place(id: id, name: "x", latitude: .nan, longitude: 0) == nil)
        #expect(PlaceID(latitude: 52.52, longitude: -13.405).description == "52.52_-13.40")
        for text in ["", "Berlin", "a/b", "a b", ".", String(repeating: "a", count: 65)] {
            #expect(PlaceID(text) == nil, "\(text)")
        }
    }

    @Test func stationsAreNamedWithOrWithoutTheirPrefix() {
        #expect(StationName("pws:IBERLIN1705")?.description == "IBERLIN1705")
        #expect(StationName("iberlin1705")?.description == "IBERLIN1705")
        for text in ["", "pws:", "a/b", "ä", "pws:pws:a", String(repeating: "a", count: 21)] {
            #expect(StationName(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [(0.0, 0), (0.3, 1), (5.5, 4), (10.7, 5), (10.8, 6), (32.7, 12), (90, 12)])
    func beaufortHasThirteenSteps(_ speed: Double, _ number: Int) {
        #expect(Units.Speed.beaufortNumber(speed) == number)
    }

    @Test func warningsBecomeEventsInTheReadersLanguage() throws {
        var told = try forecast(from: "2026-06-01T00:00", hours: 24)
        let warning = Warning(
            id: "2.49.0.0.276.0.DWD.1", severity: .severe, start: utc("2026-06-01T10:00"),
            end: utc("2026-06-01T18:00"),
            text: Warning.Text(event: "thunderstorm", headline: "Official WARNING", details: "line\nline"),
            translations: [.german: Warning.Text(event: "GEWITTER")], issuer: "DWD")
        told.warnings = [warning, warning]
        let events = { (options: EventOptions) in
            told.events(under: [], options: options, clock: berlin, now: utc("2026-06-01T00:00"))
        }
        #expect(events(plain()).map(\.title) == ["Warning: thunderstorm (severe)"])
        #expect(events(plain()).first?.lines == ["Official WARNING", "line", "line", "Issued by DWD"])
        #expect(events(plain { $0.language = .german }).map(\.title) == ["Warnung: GEWITTER (schwer)"])
        #expect(events(plain { $0.warnings = .extreme }).isEmpty)
        #expect(events(plain { $0.warnings = nil }).isEmpty)
    }
}
