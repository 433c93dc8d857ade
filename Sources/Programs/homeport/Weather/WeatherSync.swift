internal import Almanac
internal import ArgumentParser
internal import AsyncHTTPClient
internal import CalendarServers
internal import FileForecasts
internal import ForecastSources
internal import FoundationEssentials
internal import ServerKit
internal import Weather

struct WeatherSync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Bring the calendars that are written to up to date, once.",
        discussion: """
            Prints for each calendar of weather.calendars how many events were added, changed and removed: +2 ~1 -0. \
            `homeport serve` does the same by itself, every few hours and when a forecast changes.
            """)

    @Argument(help: ArgumentHelp("Only these calendars.", valueName: "calendar"))
    var names: [String] = []

    @Flag(name: .long, help: "Write nothing; say what would be written.")
    var dryRun = false

    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let surroundings = Surroundings.current
        var loaded = try settings.load()
        try await loaded.locatePlaces(isKept: !dryRun, surroundings)
        let chosen = try chosen(loaded.values.weather)
        let clients = (sources: ForecastServices.makeClient(), calendars: CalendarClient.make())
        let results: [Result]
        do {
            results = try await run(chosen, loaded.values, clients, surroundings)
        } catch {
            try? await clients.sources.shutdown()
            try? await clients.calendars.shutdown()
            throw error
        }
        try await clients.sources.shutdown()
        try await clients.calendars.shutdown()
        try report(results, surroundings.terminal)
    }

    /// The calendars that were named, or all.
    private func chosen(_ weather: WeatherSettings) throws(CommandFailure) -> Set<String> {
        let known = weather.calendars.map(\.name)
        guard !known.isEmpty else {
            throw .usage("no calendar is written to: name one under weather.calendars, see docs/weather.md")
        }
        for name in names where !known.contains(name) {
            let hint = NearestName.to(name, among: known).map { "; did you mean '\($0)'?" } ?? ""
            throw .usage("there is no calendar '\(name)' under weather.calendars\(hint)")
        }
        return Set(names.isEmpty ? known : names)
    }

    private func run(
        _ chosen: Set<String>, _ values: Configuration,
        _ clients: (sources: HTTPClient, calendars: HTTPClient), _ surroundings: Surroundings
    ) async throws -> [Result] {
        let wiring = WeatherWiring(
            values.weather, client: clients.sources, now: surroundings.now,
            pause: { try await ContinuousClock().sleep(for: $0) })
        let office: WeatherOffice
        do {
            office = try wiring.office(values.weather.placePlans, archive: try archive(values))
        } catch let error as SourceSettingsError {
            throw CommandFailure.usage(error.description)
        }
        let calendars = try CalendarWiring(values, client: clients.calendars, now: surroundings.now)
            .calendars().filter { chosen.contains($0.name) }
        var results: [Result] = []
        for calendar in calendars {
            let progress = Progress(terminal: surroundings.terminal)
            results.append(
                try await progress.during("Writing \(calendar.name)") {
                    await result(of: calendar, office, wiring.world)
                })
        }
        return results
    }

    /// The forecasts beside the data, so that events keep their identity from one run to the next, with a
    /// server or without. A dry run only reads them.
    private func archive(_ values: Configuration) throws -> any ForecastArchive {
        let folder = DataFolder(values.data)
        guard !dryRun else { return KeptForecasts(folder: WeatherWiring.folder(folder)) }
        try folder.create()
        return try FileForecasts(
            folder: WeatherWiring.folder(folder), threads: BlockingThreads(count: 1, queueMax: 64))
    }

    private func result(
        of calendar: KeptCalendar, _ office: WeatherOffice, _ world: WeatherOffice.Surroundings
    ) async -> Result {
        do {
            let outlook = try await office.outlook(of: calendar.plan.place)
            guard !dryRun else {
                return Result(calendar: calendar.name, plan: try await calendar.plan(outlook, world: world))
            }
            let report = try await calendar.bringUpToDate(outlook, world: world)
            return Result(
                calendar: calendar.name, plan: report.plan, written: report.written,
                failures: report.failures)
        } catch {
            return Result(calendar: calendar.name, error: error)
        }
    }

    private func report(_ results: [Result], _ terminal: Terminal) throws {
        if listing.json {
            terminal.print(try JSON.text(results))
        } else {
            let width = results.map(\.calendar.count).max() ?? 0
            for result in results {
                guard let changes = result.changes else { continue }
                let gap = String(repeating: " ", count: width - result.calendar.count)
                terminal.print("\(result.calendar)\(gap)  \(changes)")
            }
        }
        let failed = results.filter { $0.problem != nil }
        guard !failed.isEmpty else { return }
        let text = failed.map { "\($0.calendar): \(printable($0.problem ?? ""))" }.joined(separator: "\n")
        throw CommandFailure(failed.contains { $0.mayPass } ? .unreachable : .refused, text)
    }

    /// What became of one calendar.
    private struct Result: Encodable, Sendable {
        let calendar: String
        var added: Int?
        var changed: Int?
        var removed: Int?
        var written = 0
        var problem: String?
        /// Whether the same may succeed later.
        var mayPass = false

        /// `+2 ~1 -0`, when it is known.
        var changes: String? {
            guard let added, let changed, let removed else { return nil }
            return "+\(added) ~\(changed) -\(removed)"
        }

        init(
            calendar: String, plan: SyncPlan, written: Int = 0, failures: [CalendarServerError] = []
        ) {
            self.calendar = calendar
            added = plan.additions.count
            changed = plan.updates.count
            removed = plan.removals.count
            self.written = written
            problem = failures.first.map { "\(failures.count) events were not written: \($0)" }
            mayPass = failures.contains { $0.kind == .unavailable }
        }

        init(calendar: String, error: any Error) {
            self.calendar = calendar
            problem = "\(error)"
            let kind = (error as? CalendarServerError)?.kind
            mayPass = kind == .unavailable || (error as? OutlookError)?.kind == .noForecast
        }

        private enum CodingKeys: CodingKey { case calendar, added, changed, removed, written, problem }
    }
}
