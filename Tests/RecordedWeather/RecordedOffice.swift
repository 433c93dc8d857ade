package import Almanac
package import Foundation
import ServerKit
import Synchronization
import TimeKit
package import Weather

/// An office that knows one recorded forecast, with a clock and a source that a test can turn.
package final class RecordedOffice: Sendable {
    package let office: WeatherOffice
    package let plan: PlacePlan
    private let source: RecordedSource
    private let clock: Clock

    /// - Parameters:
    ///   - name: what the place is called.
    ///   - alter: changes the forecast before it is told.
    package init(
        _ recording: Recording = .pair, named name: String = "Berlin", options: EventOptions = EventOptions(),
        rules: [EventRule] = EventRule.standard, alter: (Forecast) -> Forecast = { $0 }
    ) throws {
        let forecast = alter(try recording.forecast(named: name))
        let start = forecast.hours.count > 0 ? forecast.hours.start : Self.noon(of: forecast)
        let clock = Clock(start)
        let source = RecordedSource(forecast)
        let plan = PlacePlan(
            place: forecast.place, sources: [recording.source], rules: rules, options: options)
        self.clock = clock
        self.source = source
        self.plan = plan
        self.office = WeatherOffice(
            places: [plan], sources: [source], archive: MemoryArchive(), zones: ZoneDatabase(),
            world: .init(now: { clock.now }, chance: { 0.5 }, pause: { _ in }))
    }

    private static func noon(of forecast: Forecast) -> Date {
        let day = forecast.days.first?.date.number ?? 0
        return Date(timeIntervalSince1970: Double(day) * 86_400 + 43_200)
    }

    /// The time the office and its tests live in.
    package var now: Date {
        get { clock.now }
        set { clock.now = newValue }
    }

    /// The recorded forecast, or what a test has put in its place; nil to have the source fail.
    package var forecast: Forecast? {
        get { source.told.withLock { $0 } }
        set { source.told.withLock { $0 = newValue } }
    }

    /// How often the source has been asked.
    package var questions: Int { source.asked.withLock { $0 } }

    package func outlook() async throws -> Outlook { try await office.outlook(of: plan.place.id) }
}

private final class Clock: Sendable {
    private let time: Mutex<Date>

    init(_ time: Date) { self.time = Mutex(time) }

    var now: Date {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }
}

private final class RecordedSource: ForecastSource {
    let name: SourceName
    let told: Mutex<Forecast?>
    let asked = Mutex(0)

    init(_ forecast: Forecast) {
        self.name = forecast.source
        self.told = Mutex(forecast)
    }

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        asked.withLock { $0 += 1 }
        guard let forecast = told.withLock({ $0 }) else {
            throw SourceError(.unavailable, "it does not answer")
        }
        return SourceAnswer(forecast: forecast)
    }
}

private final class MemoryArchive: ForecastArchive {
    private let kept = Mutex<[PlaceID: [UInt8]]>([:])

    func bytes(of place: PlaceID) async throws(StoreError) -> [UInt8]? { kept.withLock { $0[place] } }
    func keep(_ bytes: [UInt8], of place: PlaceID) async throws(StoreError) {
        kept.withLock { $0[place] = bytes }
    }
    func remove(_ place: PlaceID) async throws(StoreError) { kept.withLock { $0[place] = nil } }
}
