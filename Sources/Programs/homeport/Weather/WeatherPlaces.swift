internal import Almanac
internal import ArgumentParser
internal import AsyncHTTPClient
internal import ForecastSources
internal import Weather

struct WeatherPlaces: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "places", abstract: "Find places.", subcommands: [WeatherPlacesFind.self])
}

struct WeatherPlacesFind: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "find",
        abstract: "Find a place by its name, or a weather station by its own.",
        discussion: "Prints what to write under weather.places in the configuration.")

    @Argument(help: "A name such as Berlin, or a station such as pws:IBERLIN1705.")
    var name: String
    @OptionGroup var listing: ListingOptions
    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let surroundings = Surroundings.current
        let weather = try settings.load().values.weather
        let found = try await places(weather, surroundings)
        guard !found.isEmpty else { throw CommandFailure.refused("no place is called '\(name)'") }
        let entries = found.map(Entry.init)
        try listing.print(entries, to: surroundings.terminal) {
            var table = Table("PLACE", "AT", "ZONE")
            for entry in entries { table.add([printable(entry.place), entry.at, printable(entry.zone)]) }
            return table
        }
    }

    private func places(_ weather: WeatherSettings, _ surroundings: Surroundings) async throws -> [FoundPlace]
    {
        let client = ForecastServices.makeClient()
        let wiring = WeatherWiring(
            weather, client: client, now: surroundings.now, pause: { _ in throw CancellationError() })
        do {
            let found = try await wiring.finder().places(named: name, language: weather.language.language)
            try await client.shutdown()
            return found
        } catch {
            try? await client.shutdown()
            if let error = error as? SourceError { throw CommandFailure.refused(error.description) }
            throw error
        }
    }

    private struct Entry: Encodable {
        let place: String
        let at: String
        let zone: String

        init(_ found: FoundPlace) {
            place = found.region
            at = "\(Decimals.text(found.latitude, places: 4)),\(Decimals.text(found.longitude, places: 4))"
            zone = found.timeZone ?? ""
        }
    }
}
