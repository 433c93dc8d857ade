package import ServerKit
package import Weather

/// What an operator says about one source.
package struct SourceSettings: Sendable {
    /// Where the service is, when not at its usual address: a server of one's own, or a compatible one.
    package var baseURL: String?
    package var key: Secret?
    /// An address or page at which the operator can be reached; services that are free ask for it.
    package var contact: String?
    /// So many questions a day, where something else has been agreed than what everybody gets.
    package var perDay: Int?

    package init(baseURL: String? = nil, key: Secret? = nil, contact: String? = nil, perDay: Int? = nil) {
        self.baseURL = baseURL
        self.key = key
        self.contact = contact
        self.perDay = perDay
    }
}

extension SourceName {
    /// Whether the service only answers those who have a key.
    package var needsKey: Bool {
        switch self {
        case .openMeteo, .metNorway, .brightSky, .nationalWeatherService: false
        case .openWeatherMap, .pirateWeather, .weatherCompany, .weatherUnderground: true
        }
    }

    /// Whether the service only answers those who say who they are.
    package var needsContact: Bool { self == .metNorway || self == .nationalWeatherService }

    var usualURL: String {
        switch self {
        case .openMeteo: "https://api.open-meteo.com"
        case .metNorway: "https://api.met.no/weatherapi"
        case .brightSky: "https://api.brightsky.dev"
        case .openWeatherMap: "https://api.openweathermap.org"
        case .nationalWeatherService: "https://api.weather.gov"
        case .pirateWeather: "https://api.pirateweather.net"
        case .weatherCompany: "https://api.weather.com"
        case .weatherUnderground: "http://api.wunderground.com"
        }
    }
}

/// Why a source cannot be used as it is set up; for the one who wrote the configuration.
package struct SourceSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
}
