import Almanac
import CalendarPeers
import Contracts
import ForecastSources
import Foundation
import RecordedWeather
import Testing
import TimeKit
import Weather

/// Reads answers, and what an independent reader in Python says about the same ones.
enum Reader {
    static let place: Place? = PlaceID("here").flatMap {
        Place(id: $0, name: "Here", latitude: 52.52, longitude: 13.41)
    }

    static func forecast(_ source: SourceName, _ files: [String]) throws -> Forecast {
        let told = try Recordings.read(source, files.map { Array($0.utf8) })
        return told.forecast(for: try #require(place))
    }

    /// Every number of a forecast by hour and quantity.
    static func numbers(_ forecast: Forecast) -> [String: [String: Double]] {
        var numbers: [String: [String: Double]] = [:]
        for index in 0..<forecast.hours.count {
            let time = String(Int(forecast.hours.start(of: index).timeIntervalSince1970))
            for quantity in Quantity.allCases {
                if let value = forecast.hours[quantity, index] {
                    numbers[time, default: [:]]["\(quantity)"] = value
                }
            }
        }
        return numbers
    }

    /// Holds what is read from answers against what the reader in Python says.
    static func expectPeerAgrees(_ source: SourceName, _ answers: [[UInt8]]) async throws {
        let folder = try TemporaryFolder()
        let paths = answers.indices.map { "\(folder.path)/\($0).json" }
        for (path, answer) in zip(paths, answers) { try Data(answer).write(to: URL(filePath: path)) }
        let told = try Recordings.read(source, answers).forecast(for: try #require(place))
        let ours = numbers(told)
        let output = try await Peers.run("weather_hours.py", [source.rawValue] + paths)
        let theirs = try JSONDecoder().decode([String: [String: Double]].self, from: Data(output.utf8))
        #expect(ours.isEmpty == (told.hours.count == 0))
        #expect(Set(ours.keys) == Set(theirs.keys))
        for (time, hour) in theirs {
            #expect(Set(ours[time, default: [:]].keys) == Set(hour.keys), "hour \(time)")
            for (name, value) in hour {
                let own = ours[time]?[name] ?? .nan
                #expect(abs(own - value) < 1e-6, "\(name) at \(time): \(own) is not \(value)")
            }
        }
    }
}

@Suite struct ReadingTests {
    @Test(arguments: Samples.all) func aReaderInPythonSaysTheSame(_ sample: Samples.Sample) async throws {
        try await Reader.expectPeerAgrees(sample.source, sample.files.map { Array($0.utf8) })
    }

    @Test(arguments: Recording.all) func everyForecastIsReadAsPythonReadsIt(_ recording: Recording)
        async throws
    {
        try await Reader.expectPeerAgrees(recording.source, try recording.answers())
    }

    /// The readers of all services together are asked about every quantity, so that none goes unread.
    @Test(arguments: Quantity.allCases) func everyQuantityIsReadFromSomeService(_ quantity: Quantity) throws {
        let place = try #require(Reader.place)
        let sources = try Recording.invented.filter { recording in
            let told = try Recordings.read(recording.source, try recording.answers())
            return !told.forecast(for: place).hours[quantity].isEmpty
        }
        #expect(sources.count >= 4)
    }

    @Test func rainOfATimestampFellInTheHourBefore() throws {
        let forecast = try Reader.forecast(.openMeteo, [Samples.toronto])
        // 03:00 with the offset of winter is 08:00 of UTC, so it rained from 07:00.
        let index = try #require(forecast.hours.index(at: Date(timeIntervalSince1970: 1_772_953_200)))
        #expect(forecast.hours[.rain, index] == 4.2)
        #expect(forecast.hours[.rain, index + 1] == 0)
        #expect(forecast.hours[.rain, index + 6] == nil, "null is not zero")
        #expect(forecast.hours[.temperature, index] == 1)
    }

    /// The service gives the day 24 hours of winter; the place has 23, and no 02:00.
    @Test func theNightInWhichTheClocksGoForwardHasNoTwoOClock() throws {
        let forecast = try Reader.forecast(.openMeteo, [Samples.toronto])
        let zone = try ZoneDatabase().zone("America/Toronto")
        let clock = LocalClock(zone, over: forecast.span)
        let times = (0..<forecast.hours.count).map { clock.civil(at: forecast.hours.start(of: $0)) }
        #expect(times.prefix(4).map(\.clock) == ["00:00", "01:00", "03:00", "04:00"])
        let date = try #require(CivilDate("2026-03-08"))
        #expect(times.count { $0.date == date } == 23)
        var rule = try #require(EventRule.standard.first { $0.id.description == "rain" })
        rule.title = "{from} {sum}"
        var options = EventOptions()
        options.icons = false
        options.day = .none
        let events = forecast.events(under: [rule], options: options, clock: clock, now: forecast.hours.start)
        // 03:00 of winter is the first hour of summer: 04:00 minus the hour that the rain fell before.
        #expect(events.map(\.title) == ["03:00 4.2 mm"])
        #expect(forecast.days.first?.sunrise == Date(timeIntervalSince1970: 1_772_969_880))
    }

    @Test func everyHourOfTheLongNightIsThereOnce() throws {
        let forecast = try Reader.forecast(
            .weatherUnderground, [Samples.undergroundHourly, Samples.undergroundDaily])
        #expect(forecast.hours.count == 6)
        #expect(forecast.hours[.temperature, 5] == nil)
        #expect(forecast.hours[.snow, 3] == 3)
        #expect(forecast.place.timeZone == "Europe/Berlin")
        let today = try #require(forecast.days.first)
        #expect(today.snow == 4)
        #expect(today.rain == 17)
        #expect(today.wind == nil)
    }

    @Test func daysAreThoseOfThePlace() throws {
        let open = try Reader.forecast(.openWeatherMap, [Samples.openWeatherMap])
        #expect(open.days.map(\.date.description) == ["2026-02-07"])
        #expect(open.days.first?.rain == 5.97)
        #expect(open.warnings.map(\.text.event) == ["frost"])
        let pirate = try Reader.forecast(.pirateWeather, [Samples.pirateWeather])
        #expect(pirate.days.map(\.date.description) == ["2026-02-06"])
        #expect(pirate.warnings.map(\.severity) == [.moderate])
        let company = try Reader.forecast(.weatherCompany, [Samples.companyDaily])
        #expect(company.days.map(\.high) == [21, 22])
        #expect(company.days.map(\.humidity) == [96, 90])
        #expect(company.days.map(\.words) == ["T-Showers", "Rain"])
        #expect(company.hours.count == 0)
    }

    @Test func sixHoursAreSpreadAndSaidToBe() throws {
        let forecast = try Reader.forecast(.metNorway, [Samples.metNorway])
        #expect(forecast.hours.count == 8)
        #expect(forecast.hours[.snow, 0] == 4)
        #expect((1..<7).map { forecast.hours[.rain, $0] } == Array(repeating: 0.5, count: 6))
        #expect(forecast.hours.blockHours == [1, 6, 6, 6, 6, 6, 6, 1])
        #expect(forecast.hours[.rain, 7] == nil)
        #expect(forecast.issued == Date(timeIntervalSince1970: 1_770_372_733))
    }

    @Test func recordersEnvelopesAreOpened() throws {
        let wrapped = #"{"status_code":200,"headers":{},"data":\#(Samples.metNorway)}"#
        let plain = try Reader.forecast(.metNorway, [Samples.metNorway])
        #expect(try Reader.forecast(.metNorway, [wrapped]) == plain)
    }
}
