import Almanac
import Contracts
import FoundationEssentials
import Synchronization
import Testing
import TimeKit
import Weather

/// A clock that a test turns.
final class TestClock: Sendable {
    private let moment: Mutex<Date>

    init(_ start: Double = 1_780_300_800) { moment = Mutex(Date(timeIntervalSince1970: start)) }

    var now: Date { moment.withLock { $0 } }
    func pass(_ seconds: Double) { moment.withLock { $0 += seconds } }

    var surroundings: WeatherOffice.Surroundings {
        WeatherOffice.Surroundings(
            now: { self.now }, chance: { 0.5 }, pause: { _ in throw CancellationError() })
    }
}

/// Counts from 1.
final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        count.withLock {
            $0 += 1
            return $0
        }
    }
}

enum Sample {
    static func place(_ id: String = "berlin", zone: String? = "Europe/Berlin") throws -> Place {
        let id = try #require(PlaceID(id))
        return try #require(Place(id: id, name: "Berlin", latitude: 52.52, longitude: 13.41, timeZone: zone))
    }

    /// Ten days from the hour of `start`, with wind in the hours given.
    static func forecast(
        _ place: Place, source: SourceName = .openMeteo, start: Date, windy: Set<Int> = [10, 11],
        count: Int = 240
    ) -> Forecast {
        let first = (start.timeIntervalSince1970 / 3600).rounded(.down) * 3600
        var hours = HourTable(start: Date(timeIntervalSince1970: first), count: count)
        for index in 0..<count {
            hours[.temperature, index] = 15
            hours[.dewPoint, index] = 5
            hours[.rain, index] = 1
            hours[.wind, index] = windy.contains(index) ? 10 : 2
        }
        return Forecast(
            place: place, source: source, issued: start, hours: hours,
            licence: Licence(text: "test data", url: "https://example.org/"))
    }

    static func office(
        _ plans: [PlacePlan], _ sources: [any ForecastSource],
        archive: any ForecastArchive = InMemoryForecastArchive(),
        clock: TestClock, outlooksMax: Int = 64
    ) -> WeatherOffice {
        WeatherOffice(
            places: plans, sources: sources, archive: archive, zones: ZoneDatabase(),
            world: clock.surroundings,
            outlooksMax: outlooksMax)
    }
}
