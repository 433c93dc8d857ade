package import Almanac
package import AsyncHTTPClient
package import FoundationEssentials
import NIOCore
import NIOHTTPCompression
package import Weather

/// Makes the sources, from what an operator says about them.
package struct ForecastServices: Sendable {
    private let means: Talk.Means

    /// - Parameters:
    ///   - version: of the program; services want to know who asks.
    ///   - timeoutInSeconds: how long an answer may take.
    package init(
        client: HTTPClient, version: String, timeoutInSeconds: Int64 = 15,
        now: @escaping @Sendable () -> Date
    ) {
        self.means = Talk.Means(
            client: client, version: version, timeout: .seconds(timeoutInSeconds), now: now)
    }

    /// The client to use: it follows no redirects, since those of a service with keys would carry the key
    /// away, and unpacks only so much.
    package static func makeClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.decompression = .enabled(limit: .size(Talk.bodyMax))
        configuration.timeout = .init(connect: .seconds(10), read: .seconds(15))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// One source. Throws when it cannot work as it is set up.
    package func source(
        _ name: SourceName, _ settings: SourceSettings
    ) throws(SourceSettingsError) -> any ForecastSource {
        guard !name.needsKey || settings.key != nil else {
            throw SourceSettingsError(description: "\(name.rawValue) answers only with a key")
        }
        guard !name.needsContact || settings.contact != nil else {
            throw SourceSettingsError(
                description:
                    "\(name.rawValue) wants to know who asks: give a contact, an address or the URL of a page"
            )
        }
        let talk = try talk(
            settings.baseURL ?? usualURL(name, settings), settings, quota: Quota(name.quota(settings)))
        switch name {
        case .openMeteo: return OpenMeteo(talk: talk, settings: settings)
        case .metNorway: return MetNorway(talk: talk)
        case .brightSky: return BrightSky(talk: talk)
        case .openWeatherMap: return OpenWeatherMap(talk: talk, settings: settings)
        case .nationalWeatherService: return NationalWeatherService(talk: talk)
        case .pirateWeather: return PirateWeather(talk: talk, settings: settings)
        case .weatherCompany: return WeatherCompany(talk: talk, settings: settings)
        case .weatherUnderground: return WeatherUnderground(talk: talk, settings: settings)
        }
    }

    /// Customers of Open-Meteo have a host of their own.
    private func usualURL(_ name: SourceName, _ settings: SourceSettings) -> String {
        name == .openMeteo && settings.key != nil ? "https://customer-api.open-meteo.com" : name.usualURL
    }

    /// The official warnings that come without a key; those of services that want a contact only where there
    /// is one.
    package func warnings(
        _ settings: [SourceName: SourceSettings]
    ) throws(SourceSettingsError) -> [any WarningSource] {
        var sources: [any WarningSource] = []
        for name in [SourceName.brightSky, .nationalWeatherService, .metNorway] {
            let own = settings[name] ?? SourceSettings()
            guard !name.needsContact || own.contact != nil else { continue }
            let talk = try talk(own.baseURL ?? name.usualURL, own)
            switch name {
            case .brightSky: sources.append(DWDWarnings(talk: talk))
            case .nationalWeatherService: sources.append(NWSWarnings(talk: talk))
            default: sources.append(MetNorwayWarnings(talk: talk))
            }
        }
        return sources
    }

    /// Finds places by name.
    ///
    /// - Parameter stations: the settings of `weather-company`, which knows stations, when it is set up.
    package func finder(
        baseURL: String? = nil, contact: String? = nil, stations: SourceSettings? = nil
    ) throws(SourceSettingsError) -> any PlaceFinder {
        let talk = try talk(
            baseURL ?? "https://geocoding-api.open-meteo.com", SourceSettings(contact: contact))
        guard let stations, stations.key != nil else { return Geocoding(talk: talk, stations: nil) }
        let company = WeatherCompany(
            talk: try self.talk(stations.baseURL ?? SourceName.weatherCompany.usualURL, stations),
            settings: stations)
        return Geocoding(talk: talk, stations: company)
    }

    private func talk(
        _ base: String, _ settings: SourceSettings, quota: Quota = Quota([])
    ) throws(SourceSettingsError) -> Talk {
        try Talk(means, base: base, contact: settings.contact, quota: quota)
    }
}
