internal import Almanac
internal import AsyncHTTPClient
internal import ForecastSources
internal import FoundationEssentials
internal import Logging
internal import Weather

/// Where the places lie that the configuration only names: looked up once, and from then on in a file beside
/// the data, so that a server starts while nobody answers and a town never moves.
struct PlaceBook: Sendable {
    private let path: String
    private let isKept: Bool

    /// - Parameter isKept: whether what is looked up is written down.
    init(_ data: DataFolder, isKept: Bool) {
        path = data.path + "/places.json"
        self.isKept = isKept
    }

    private struct Entry: Codable, Hashable {
        let region: String
        let latitude: Double
        let longitude: Double
        let timeZone: String?
    }

    /// The settings with a point for every place. A place that is not to be found is told with its key.
    func located(_ settings: WeatherSettings, by finder: @autoclosure () throws -> any PlaceFinder)
        async throws -> WeatherSettings
    {
        var settings = settings
        let known = try read()
        var entries = known
        for index in settings.places.indices {
            guard case .named(let name) = settings.places[index].whereabouts else { continue }
            let entry: Entry
            if let written = entries[name] {
                entry = written
            } else {
                entry = try await look(name, settings.places[index].name, finder(), settings)
                entries[name] = entry
            }
            settings.places[index].lie(
                at: Coordinates(latitude: entry.latitude, longitude: entry.longitude), zone: entry.timeZone,
                name: name)
        }
        if isKept, entries != known { try write(entries) }
        return settings
    }

    private func look(
        _ name: String, _ place: String, _ finder: any PlaceFinder, _ settings: WeatherSettings
    ) async throws -> Entry {
        let found: [FoundPlace]
        do throws(SourceError) {
            found = try await finder.places(named: name, language: settings.language.language)
        } catch {
            throw CommandFailure(
                error.kind == .unavailable ? .unreachable : .refused,
                "weather.places: where `\(place)` lies cannot be looked up: \(error); write its degrees under `at`, "
                    + "such as 52.52,13.41")
        }
        guard let first = found.first else {
            throw CommandFailure.refused(
                "weather.places: nothing is called `\(name)`, where `\(place)` should be; "
                    + "`homeport weather places find NAME` shows what is known")
        }
        Logger.current.notice(
            "place found",
            metadata: [
                "place": "\(place)", "region": "\(first.region)",
                "at": "\(first.latitude),\(first.longitude)",
            ])
        return Entry(
            region: first.region, latitude: first.latitude, longitude: first.longitude,
            timeZone: first.timeZone)
    }

    private func read() throws(CommandFailure) -> [String: Entry] {
        guard FileManager.default.fileExists(atPath: path) else { return [:] }
        do {
            return try JSONDecoder().decode(
                [String: Entry].self, from: Data(contentsOf: URL(filePath: path)))
        } catch {
            throw .refused("\(path) cannot be read: remove it, and the places are looked up again")
        }
    }

    private func write(_ entries: [String: Entry]) throws(CommandFailure) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try encoder.encode(entries).write(to: URL(filePath: path), options: .atomic)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        } catch {
            throw .unreachable("\(path) cannot be written: \(error)")
        }
    }
}

extension PlaceSettings {
    /// Puts the place where `name` was found. What the configuration says itself stays.
    fileprivate mutating func lie(at point: Coordinates, zone found: String?, name: String) {
        whereabouts = .at(point)
        zone = zone ?? found
        if station == nil, name.hasPrefix(StationName.prefix) { station = StationName(name)?.description }
    }
}

extension LoadedConfiguration {
    /// Looks up the places of the weather that are only named.
    mutating func locatePlaces(isKept: Bool, _ surroundings: Surroundings) async throws {
        let weather = values.weather
        guard weather.places.contains(where: { $0.whereabouts.coordinates == nil }) else { return }
        let client = ForecastServices.makeClient()
        let wiring = WeatherWiring(
            weather, client: client, now: surroundings.now, pause: { _ in throw CancellationError() })
        let folder = DataFolder(values.data)
        if isKept { try folder.create() }
        do {
            values.weather = try await PlaceBook(folder, isKept: isKept).located(weather, by: wiring.finder())
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }
}
