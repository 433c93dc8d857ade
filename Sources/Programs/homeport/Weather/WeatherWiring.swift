internal import Almanac
internal import AsyncHTTPClient
internal import FileForecasts
internal import ForecastSources
internal import FoundationEssentials
internal import ServerKit
internal import TimeKit
internal import Weather

extension WeatherSettings {
    /// What readers are told, before a place has its own wishes.
    var eventOptions: EventOptions {
        var options = EventOptions()
        options.language = language.language
        options.units = units.units
        options.icons = hasIcons
        options.sun = hasSun
        options.warnings = warnings.severity
        options.keepsPast = keepsPast
        options.legacy = isLegacy
        options.dayTitle = day.title
        options.dayAlarmMinutes = day.alarm.map { Int($0.components.seconds) / 60 }
        options.daysMax = day.max
        options.day =
            switch day.form {
            case .at:
                .at(minuteOfDay: day.time.minuteOfDay, minutes: Int(day.length.components.seconds) / 60)
            case .allDay: .allDay
            case .none: .none
            }
        return options
    }

    /// The plans of the places, in the order of the file. Those that are named and were not looked up by
    /// `PlaceBook` lie nowhere.
    var placePlans: [PlacePlan] { places.compactMap(plan) }

    func plan(_ settings: PlaceSettings) -> PlacePlan? {
        let point = settings.whereabouts.coordinates ?? Coordinates(latitude: 0, longitude: 0)
        guard let id = PlaceID(settings.name),
            let place = Weather.Place(
                id: id, name: settings.title ?? settings.name, latitude: point.latitude,
                longitude: point.longitude, timeZone: settings.zone, station: settings.station)
        else { return nil }
        return plan(
            place, sources: settings.sources, language: settings.language?.language,
            units: settings.units?.units)
    }

    /// The plan of any place, told as configured.
    func plan(
        _ place: Weather.Place, sources: [SourceName], language: Language? = nil, units: Units? = nil
    ) -> PlacePlan {
        var options = eventOptions
        options.language = language ?? options.language
        options.units = units ?? options.units
        return PlacePlan(
            place: place, sources: sources, rules: eventRules, options: options,
            refresh: Double(refresh.components.seconds), staleAfter: Double(staleAfter.components.seconds))
    }
}

/// The weather half of the program, put together from its configuration.
struct WeatherWiring: Sendable {
    let settings: WeatherSettings
    let services: ForecastServices
    let world: WeatherOffice.Surroundings

    /// - Parameter client: `ForecastServices.makeClient()`; whoever made it shuts it down.
    init(
        _ settings: WeatherSettings, client: HTTPClient, now: @escaping @Sendable () -> Date,
        pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.settings = settings
        self.services = ForecastServices(client: client, version: Version.current, now: now)
        self.world = WeatherOffice.Surroundings(
            now: now, chance: { Double.random(in: 0..<1) }, pause: pause)
    }

    /// The office for these places; throws a `SourceSettingsError` when a source cannot work as it is set up.
    func office(_ plans: [PlacePlan], archive: any ForecastArchive) throws -> WeatherOffice {
        var names: [SourceName] = []
        for name in plans.flatMap(\.sources) where !names.contains(name) { names.append(name) }
        let sources = try names.map { try services.source($0, settings.settings(of: $0)) }
        let every = Dictionary(
            uniqueKeysWithValues: SourceName.allCases.map { ($0, settings.settings(of: $0)) })
        return WeatherOffice(
            places: plans, sources: sources, warnings: try services.warnings(every), archive: archive,
            zones: ZoneDatabase(), world: world)
    }

    func finder() throws -> any PlaceFinder {
        try services.finder(
            baseURL: settings.geocodingURL, contact: settings.contact,
            stations: settings.settings(of: .weatherCompany))
    }

    /// Where the server keeps the last good forecasts.
    static func folder(_ data: DataFolder) -> String { data.path + "/forecasts" }
}
