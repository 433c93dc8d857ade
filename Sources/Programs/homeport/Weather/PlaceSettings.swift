internal import ForecastSources
internal import ServerKit
internal import TimeKit
internal import Weather

/// One of `weather.places`.
struct PlaceSettings: ConfigurationSection {
    var name = ""
    var title: String?
    var whereabouts = Whereabouts.at(Coordinates(latitude: 0, longitude: 0))
    var zone: String?
    var station: String?
    var sources: [SourceName] = [.openMeteo]
    var language: WeatherSettings.LanguageName?
    var units: WeatherSettings.UnitNames?
    var isPrivate = false

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .placeName, isRequired: true),
            .value("title", \.title, .optional(.text("what people call the place"))),
            .value("at", \.whereabouts, .whereabouts, isRequired: true),
            .value("zone", \.zone, .optional(.timeZone)),
            .value("station", \.station, .optional(.station)),
            .value("sources", \.sources, .list(of: .choice)),
            .value("language", \.language, .optional(.choice)),
            .value("units", \.units, .optional(.choice)),
            .value("private", \.isPrivate, .flag),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        sources.isEmpty ? [("sources", "name at least one source")] : []
    }
}

/// One of `weather.sources`: how a service is reached.
struct SourceSection: ConfigurationSection {
    var name = SourceName.openMeteo
    var url: String?
    var key: Secret?
    var perDay: Int?

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .choice, isRequired: true),
            .value("url", \.url, .optional(.serviceURL)),
            .value("key_file", \.key, .optional(.secretFile)),
            .value("per_day", \.perDay, .optional(.integer(1...1_000_000))),
        ]
    }
}

extension WeatherSettings {
    /// What is set up for a source; the contact is everybody's.
    func settings(of source: SourceName) -> SourceSettings {
        let section = sources.first { $0.name == source }
        return SourceSettings(
            baseURL: section?.url, key: section?.key, contact: contact, perDay: section?.perDay)
    }
}

/// A point on the globe, `52.52,13.41`: degrees north and east.
struct Coordinates: Hashable, Sendable {
    let latitude: Double
    let longitude: Double

    init(latitude: Double, longitude: Double) {
        self.latitude = latitude
        self.longitude = longitude
    }

    init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed)
        guard parts.count == 2, let latitude = Double(parts[0]), let longitude = Double(parts[1]),
            (-90...90).contains(latitude), (-180...180).contains(longitude)
        else { return nil }
        self.init(latitude: latitude, longitude: longitude)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return text
    }
}

/// Where a place is: at a point, or where a service says that a town or a weather station is.
enum Whereabouts: Hashable, Sendable {
    case at(Coordinates)
    case named(String)

    /// Nil for what still has to be looked up.
    var coordinates: Coordinates? {
        if case .at(let coordinates) = self { coordinates } else { nil }
    }
}

extension ValueKind<Whereabouts> {
    static var whereabouts: Self {
        ValueKind(
            text: "degrees north and east such as `52.52,13.41`, the name of a town, or a station such as "
                + "`pws:IBERLIN1705`",
            parse: { text, _ throws(ValueProblem) in
                if let coordinates = Coordinates(text) { return .at(coordinates) }
                if text.hasPrefix(StationName.prefix) {
                    return StationName(text).map { .named(StationName.prefix + $0.description) }
                }
                // Numbers alone are no town but a slip.
                guard (2...100).contains(text.count), text.contains(where: \.isLetter) else { return nil }
                return .named(text)
            },
            show: { place in
                switch place {
                case .named(let name): name
                case .at(let point):
                    "\(Decimals.text(point.latitude, places: 4)),\(Decimals.text(point.longitude, places: 4))"
                }
            })
    }
}

extension ValueKind<String> {
    static var placeName: Self {
        ValueKind(
            text: "a name of 1 to 64 of `a-z 0-9 . _ -`",
            parse: { text, _ in PlaceID(text)?.description }, show: { $0 })
    }

    static var station: Self {
        ValueKind(
            text: "the name of a weather station such as `pws:IBERLIN1705`",
            parse: { text, _ in StationName(text)?.description }, show: { $0 })
    }

    static var timeZone: Self {
        ValueKind(
            text: "a time zone such as `Europe/Berlin`",
            parse: { text, _ throws(ValueProblem) in
                do throws(ZoneDataError) {
                    return try ZoneDatabase().zone(text).name
                } catch {
                    throw ValueProblem(error.description)
                }
            },
            show: { $0 })
    }
}
