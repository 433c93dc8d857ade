import Almanac
import FoundationEssentials
import Weather

/// Finds places by their names (open-meteo.com/en/docs/geocoding-api), and personal weather stations by
/// theirs.
struct Geocoding: PlaceFinder {
    let talk: Talk
    let stations: WeatherCompany?

    func places(named name: String, language: Language) async throws(SourceError) -> [FoundPlace] {
        if name.hasPrefix(StationName.prefix) { return [try await station(name)] }
        guard (2...100).contains(name.count) else {
            throw SourceError(.unknownPlace, "a name has 2 to 100 letters")
        }
        let answer = try await talk.get(
            "/v1/search",
            [("name", name), ("count", "10"), ("language", language.rawValue), ("format", "json")])
        guard answer.status == 200 else { throw talk.unexpected(answer) }
        return try talk.read([answer.body]) { answers throws(AnswerMistake) in try Self.read(answers[0]) }
    }

    private func station(_ name: String) async throws(SourceError) -> FoundPlace {
        guard let station = StationName(name) else {
            throw SourceError(
                .unknownPlace, "'\(name.prefix(40))' is not the name of a station, such as pws:IBERLIN1705")
        }
        guard let stations else {
            throw SourceError(.refused, "stations are found with a key of weather-company")
        }
        return try await stations.station(station.description)
    }

    static func read(_ root: JSONValue) throws(AnswerMistake) -> [FoundPlace] {
        var places: [FoundPlace] = []
        // No list at all means no place of the name.
        for record in root["results"]?.list ?? [] {
            guard let name = try record.string("name"), let latitude = try record.number("latitude"),
                let longitude = try record.number("longitude"), (-90...90).contains(latitude),
                (-180...180).contains(longitude)
            else { continue }
            var region: [String] = [name]
            for part in [try record.string("admin1"), try record.string("country")] {
                if let part, part != region.last { region.append(part) }
            }
            places.append(
                FoundPlace(
                    name: name, region: region.joined(separator: ", "), latitude: latitude,
                    longitude: longitude,
                    timeZone: try record.string("timezone")))
        }
        return places
    }
}
