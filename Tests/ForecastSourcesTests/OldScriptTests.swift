import Almanac
import CalendarPeers
import Contracts
import ForecastSources
import Foundation
import RecordedWeather
import Testing
import TimeKit
import Weather

/// The events of the script that people come from, held against its rules as they are written down in Python.
@Suite struct OldScriptTests {
    private static let recordings = Recording.all.filter { $0.source == .weatherUnderground }

    @Test(arguments: recordings) func theSameEventsAtTheSameHoursWithTheSameNumbers(
        _ recording: Recording
    ) async throws {
        let folder = try TemporaryFolder()
        let answers = try recording.answers()
        let paths = answers.indices.map { "\(folder.path)/\($0).json" }
        for (path, answer) in zip(paths, answers) { try Data(answer).write(to: URL(filePath: path)) }
        let theirs = try await Peers.run("weather_old_rules.py", paths).split(separator: "\n").map(
            String.init)
        let ours = try events(recording)
        #expect(ours.sorted() == theirs.sorted())
        #expect(Set(ours).count == ours.count)
    }

    /// Rain, snow, sun, heat, cold, damp and wind all happen somewhere, so that no rule goes untested.
    @Test func everyRuleOfTheScriptIsSeenAtWork() throws {
        let titles = try Recording.invented.filter { $0.source == .weatherUnderground }.flatMap(events)
        for word in ["Rain: ", "Snow: ", "UV-Index: ", "Temp: 3", "Temp: -1", "Muggy: ", "Wind: "] {
            #expect(titles.contains { $0.contains("|59|\(word)") }, "\(word)")
        }
        #expect(titles.count { $0.contains("|15|") } == 20)
    }

    /// Events as the script in Python prints its own.
    private func events(_ recording: Recording) throws -> [String] {
        let forecast = try recording.forecast(named: "Berlin")
        let zone = try ZoneDatabase().zone(try #require(forecast.place.timeZone))
        let clock = LocalClock(zone, over: forecast.span)
        var options = EventOptions()
        options.legacy = true
        let events = forecast.events(under: [], options: options, clock: clock, now: .distantPast)
        return events.map { event in
            let minutes = Int(event.end.timeIntervalSince(event.start) / 60)
            let civil = clock.civil(at: event.start)
            guard event.kind == .day else {
                return "\(Int(event.start.timeIntervalSince1970))|\(minutes)|\(event.title)"
            }
            return "\(civil.date)|\(civil.clock)|\(minutes)|\(event.title)"
        }
    }
}
