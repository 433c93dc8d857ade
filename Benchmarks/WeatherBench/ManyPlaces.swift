import Almanac
import FileForecasts
import ForecastSources
import Foundation
import ServerKit
import Synchronization
import TimeKit
import Weather

/// An office with many places, each of which is asked for, derived, tracked and kept on disk once.
struct ManyPlaces {
    let source: SourceName
    let files: [[UInt8]]
    let zone: String

    /// Seconds of the process, and the most memory it had.
    func measured(_ count: Int) async throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weather-bench-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let archive = try FileForecasts(
            folder: folder.path(percentEncoded: false), threads: BlockingThreads(count: 2, queueMax: 4096))
        let plans = try (0..<count).map { number in
            guard let id = PlaceID("place-\(number)"),
                let place = Place(
                    id: id, name: "Place \(number)", latitude: Double(number % 120) - 60,
                    longitude: Double(number % 300) - 150, timeZone: zone)
            else { throw Usage() }
            return PlacePlan(place: place, sources: [source])
        }
        let now = try Recordings.read(source, files).forecast(for: plans[0].place).hours.start
        let office = WeatherOffice(
            places: plans, sources: [Answers(name: source, files: files)], archive: archive,
            zones: ZoneDatabase(), world: .init(now: { now }, chance: { 0.5 }, pause: { _ in }))
        let before = Stopwatch.processSeconds()
        await office.refreshDue()
        let seconds = Stopwatch.processSeconds() - before
        guard office.status().allSatisfy({ $0.confirmed != nil }) else { throw Usage() }
        return "{\"cpu\":\((seconds * 1000).rounded() / 1000),\"memory\":\(peakMemory())}"
    }

    /// In megabytes.
    private func peakMemory() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) / 1024
    }
}

/// A source that reads the same answer for every place.
private struct Answers: ForecastSource {
    let name: SourceName
    let files: [[UInt8]]

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        SourceAnswer(forecast: try Recordings.read(name, files).forecast(for: place))
    }
}
