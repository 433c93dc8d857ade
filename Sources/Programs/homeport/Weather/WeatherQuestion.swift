internal import Almanac
internal import AsyncHTTPClient
internal import ForecastSources
internal import FoundationEssentials
internal import TimeKit
internal import Weather

/// One question of the command line: the weather of a place, asked or recorded, at some time.
struct WeatherQuestion: Sendable {
    let options: WeatherOptions
    let surroundings: Surroundings

    struct Answer: Sendable {
        let outlook: Outlook
        let plan: PlacePlan
        /// The time that was taken for now.
        let now: Date
    }

    func answer() async throws -> Answer {
        let (settings, data) = try options.load()
        let recorded = try options.recordings()
        guard recorded.isEmpty else { return try await replay(recorded, settings) }
        let client = ForecastServices.makeClient()
        do {
            let answer = try await ask(settings, data, client)
            try await client.shutdown()
            return answer
        } catch {
            try? await client.shutdown()
            throw failure(error)
        }
    }

    private func ask(_ settings: WeatherSettings, _ data: DataFolder, _ client: HTTPClient) async throws
        -> Answer
    {
        var settings = settings
        settings.places.removeAll { $0.name != options.place }
        settings = try await PlaceBook(data, isKept: false).located(
            settings, by: wiring(settings, client, now: surroundings.now()).finder())
        let plan = try await plan(settings, wiring(settings, client, now: surroundings.now()))
        let clock = try MomentText.clock(plan.place.timeZone, near: surroundings.now())
        let now = try options.at.map { try moment($0, clock) } ?? surroundings.now()
        let office = try wiring(settings, client, now: now).office(
            [plan], archive: KeptForecasts(folder: WeatherWiring.folder(data)))
        return Answer(outlook: try await office.outlook(of: plan.place.id), plan: plan, now: now)
    }

    private func wiring(_ settings: WeatherSettings, _ client: HTTPClient, now: Date) -> WeatherWiring {
        WeatherWiring(settings, client: client, now: { now }, pause: { _ in throw CancellationError() })
    }

    private func plan(_ settings: WeatherSettings, _ wiring: WeatherWiring) async throws -> PlacePlan {
        let asked = try options.sources()
        if let known = settings.places.first(where: { $0.name == options.place }),
            var plan = settings.plan(known)
        {
            if !asked.isEmpty || options.zone != nil {
                plan = settings.plan(
                    options.zone.map(plan.place.inZone) ?? plan.place,
                    sources: asked.isEmpty ? plan.sources : asked)
            }
            return plan
        }
        let sources = asked.isEmpty ? [SourceName.openMeteo] : asked
        if let coordinates = Coordinates(options.place) {
            return settings.plan(
                try place(coordinates, name: options.place, zone: options.zone), sources: sources)
        }
        let found = try await wiring.finder().places(
            named: options.place, language: settings.language.language)
        guard let first = found.first else {
            throw CommandFailure.refused("no place is called '\(options.place)'")
        }
        let coordinates = Coordinates(latitude: first.latitude, longitude: first.longitude)
        let station = options.place.hasPrefix("pws:") ? String(options.place.dropFirst(4)) : nil
        let place = try place(
            coordinates, name: first.name, zone: options.zone ?? first.timeZone, station: station)
        return settings.plan(place, sources: sources)
    }

    private func place(
        _ coordinates: Coordinates, name: String, zone: String?, station: String? = nil
    ) throws -> Weather.Place {
        let id = PlaceID(latitude: coordinates.latitude, longitude: coordinates.longitude)
        guard
            let place = Weather.Place(
                id: id, name: name, latitude: coordinates.latitude, longitude: coordinates.longitude,
                timeZone: zone, station: station)
        else { throw CommandFailure.usage("'\(options.place)' lies on no globe") }
        return place
    }

    private func moment(_ text: String, _ clock: LocalClock) throws -> Date {
        guard let moment = MomentText.parse(text, clock: clock) else {
            throw CommandFailure.usage("--at: '\(text)' is no time such as 2026-03-29T15:00")
        }
        return moment
    }

    /// Answers from recordings, without a network; now is when the first was made, unless said otherwise.
    private func replay(_ recorded: [Recordings.Told], _ settings: WeatherSettings) async throws -> Answer {
        let plan = try recordedPlan(recorded, settings)
        let sources = recorded.map { RecordedSource(told: $0) }
        let first = recorded[0].forecast(for: plan.place)
        let clock = try MomentText.clock(plan.place.timeZone, near: first.hours.start)
        let beginning =
            first.hours.count > 0 ? first.hours.start : first.days.first.map { clock.moment($0.date) }
        let made = [first.issued, beginning].compactMap(\.self).max()
        let now = try options.at.map { try moment($0, clock) } ?? made ?? surroundings.now()
        let office = WeatherOffice(
            places: [plan], sources: sources, archive: KeptForecasts(folder: nil), zones: ZoneDatabase(),
            world: .init(now: { now }, chance: { 0.5 }, pause: { _ in throw CancellationError() }))
        do {
            return Answer(outlook: try await office.outlook(of: plan.place.id), plan: plan, now: now)
        } catch {
            throw failure(error)
        }
    }

    private func recordedPlan(_ recorded: [Recordings.Told], _ settings: WeatherSettings) throws -> PlacePlan
    {
        let sources = recorded.map(\.source)
        let known = settings.places.first { $0.name == options.place }
        var zone = options.zone ?? known?.zone ?? recorded.lazy.compactMap(\.zone).first
        if zone == nil {
            surroundings.terminal.note(
                "The recording names no time zone: times are UTC. Name it with --zone.")
            zone = "UTC"
        }
        let coordinates =
            known?.whereabouts.coordinates ?? Coordinates(options.place) ?? coordinates(recorded, zone: zone)
        let name = known?.title ?? options.place
        var place = try place(coordinates, name: name, zone: zone)
        if let id = known.flatMap({ PlaceID($0.name) }) ?? PlaceID(options.place.lowercased()),
            let named = Weather.Place(
                id: id, name: name, latitude: coordinates.latitude, longitude: coordinates.longitude,
                timeZone: zone)
        {
            place = named
        }
        return settings.plan(
            place, sources: sources, language: known?.language?.language, units: known?.units?.units)
    }

    /// Where the recording says it is for; else where the city lies that gives the zone its name.
    private func coordinates(_ recorded: [Recordings.Told], zone: String?) -> Coordinates {
        if let told = recorded.lazy.compactMap(\.coordinates).first {
            return Coordinates(latitude: told.latitude, longitude: told.longitude)
        }
        let city = zone.flatMap { ZoneDatabase().location(of: $0) }
        surroundings.terminal.note(
            "The recording does not say where it is: sunrise and sunset are those of \(city == nil ? "0,0" : zone ?? ""). "
                + "Give coordinates instead of a name.")
        return Coordinates(latitude: city?.latitude ?? 0, longitude: city?.longitude ?? 0)
    }

    private func failure(_ error: any Error) -> any Error {
        switch error {
        case let error as OutlookError: CommandFailure.refused(error.description)
        case let error as SourceError: CommandFailure.refused(error.description)
        case let error as SourceSettingsError: CommandFailure.usage(error.description)
        default: error
        }
    }
}

/// A source that answers what was recorded.
private struct RecordedSource: ForecastSource {
    let told: Recordings.Told

    var name: SourceName { told.source }

    func forecast(for place: Weather.Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer
    {
        SourceAnswer(forecast: told.forecast(for: place))
    }
}

extension MomentText {
    /// The clock of a zone for some weeks around a moment; that of UTC when no zone is known.
    static func clock(_ zone: String?, near moment: Date) throws -> LocalClock {
        guard let zone else { return .utc }
        do throws(ZoneDataError) {
            let span = moment.addingTimeInterval(-400 * 86_400)..<moment.addingTimeInterval(400 * 86_400)
            return LocalClock(try ZoneDatabase().zone(zone), over: span)
        } catch {
            throw CommandFailure.usage("--zone: \(error)")
        }
    }
}
