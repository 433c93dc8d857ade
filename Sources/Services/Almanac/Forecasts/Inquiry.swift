import FoundationEssentials
import Logging
import Synchronization
import Weather

/// Asks the sources of a place, one after the other, and leaves alone those that want to be left alone.
final class Inquiry: Sendable {
    private let sources: [SourceName: any ForecastSource]
    private let warningSources: [any WarningSource]
    private let world: WeatherOffice.Surroundings
    /// Sources that have asked for a pause, and until when.
    private let pauses = Mutex<[SourceName: Date]>([:])

    init(
        sources: [any ForecastSource], warnings: [any WarningSource], world: WeatherOffice.Surroundings
    ) {
        self.sources = Dictionary(sources.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.warningSources = warnings
        self.world = world
    }

    /// The first answer, or what each source said instead.
    func ask(
        _ plan: PlacePlan, since record: OutlookRecord?
    ) async -> (answer: SourceAnswer?, source: SourceName?, failures: [String]) {
        var failures: [String] = []
        for name in plan.sources {
            guard let source = sources[name] else {
                failures.append("\(name.rawValue): not set up")
                continue
            }
            if let until = pauses.withLock({ $0[name] }), until > world.now() {
                failures.append("\(name.rawValue): asked for a pause")
                continue
            }
            do {
                let mark = record?.forecast.source == name ? record?.mark : nil
                let answer = try await source.forecast(for: plan.place, since: mark)
                return (answer, name, failures)
            } catch {
                note(error, of: name)
                failures.append("\(name.rawValue): \(error)")
            }
        }
        return (nil, nil, failures)
    }

    /// A source that says how long to wait is not asked for any place before; the longest pause is a day.
    private func note(_ error: SourceError, of name: SourceName) {
        guard let seconds = error.retryAfter, seconds > 0 else { return }
        let until = world.now().addingTimeInterval(Double(min(seconds, 86_400)))
        pauses.withLock { $0[name] = until }
    }

    /// The warnings of every source that is responsible; for one that fails, the ones it gave before.
    func warnings(for plan: PlacePlan, before: [Warning]) async -> [Warning] {
        guard plan.options.warnings != nil, !warningSources.isEmpty else { return [] }
        var warnings: [Warning] = []
        for source in warningSources {
            do {
                warnings += try await source.warnings(for: plan.place)
            } catch {
                Logger.current.warning(
                    "warnings could not be fetched",
                    metadata: ["source": "\(source.name)", "error": "\(error)"])
                let now = world.now()
                warnings += before.filter { $0.end > now && !warnings.contains($0) }
            }
        }
        return warnings
    }
}
