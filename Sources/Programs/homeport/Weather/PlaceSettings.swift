internal import ForecastSources
internal import ServerKit
internal import TimeKit
internal import Weather

/// One of `weather.places`.
struct PlaceSettings: ConfigurationSection {
    var name = ""
    var title: String?
    var coordinates = Coordinates(latitude: 0, longitude: 0)
    var zone: String?
    var station: String?
    var sources: [SourceName] = [.openMeteo]
    var language: WeatherSettings.LanguageName?
    var units: WeatherSettings.UnitNames?

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .placeName, isRequired: true),
            .value("title", \.title, .optional(.text("what people call the place"))),
            .value("at", \.coordinates, .coordinates, isRequired: true),
            .value("zone", \.zone, .optional(.timeZone)),
            .value("station", \.station, .optional(.text("the name of a weather station"))),
            .value("sources", \.sources, .list(of: .choice)),
            .value("language", \.language, .optional(.choice)),
            .value("units", \.units, .optional(.choice)),
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

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .choice, isRequired: true),
            .value("url", \.url, .optional(.text("the address of a service such as `https://weather.lan`"))),
            .value("key_file", \.key, .optional(.secretFile)),
        ]
    }
}

extension WeatherSettings {
    /// What is set up for a source; the contact is everybody's.
    func settings(of source: SourceName) -> SourceSettings {
        let section = sources.first { $0.name == source }
        return SourceSettings(baseURL: section?.url, key: section?.key, contact: contact)
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

extension ValueKind<Coordinates> {
    static var coordinates: Self {
        ValueKind(
            text: "degrees north and east such as `52.52,13.41`",
            parse: { text, _ in Coordinates(text) },
            show: { "\(Decimals.text($0.latitude, places: 4)),\(Decimals.text($0.longitude, places: 4))" })
    }
}

extension ValueKind<String> {
    static var placeName: Self {
        ValueKind(
            text: "a name of 1 to 64 of `a-z 0-9 . _ -`",
            parse: { text, _ in PlaceID(text)?.description }, show: { $0 })
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
