import Almanac
import CalendarPeers
import ForecastSources
import Foundation
import Synchronization
package import Weather

/// Answers of a weather service that belong together: recorded, or invented in its shape.
package struct Recording: Sendable, CustomStringConvertible {
    package let source: SourceName
    package let description: String
    /// Paths below the folder of recordings; none when the answers are invented.
    private let files: [String]
    private let invented: [String]
    /// Recorded warnings to go with them.
    private let warnings: String?
    /// For answers that do not say where they are for.
    private let zone: String

    private init(
        _ source: SourceName, _ files: String..., warnings: String? = nil, zone: String = "Europe/Berlin"
    ) {
        self.source = source
        self.description = files[0]
        self.files = files
        self.invented = []
        self.warnings = warnings
        self.zone = zone
    }

    private init(_ source: SourceName, _ season: String, invented: [String]) {
        self.source = source
        self.description = "\(source.rawValue), invented for \(season)"
        self.files = []
        self.invented = invented
        self.warnings = nil
        self.zone = "Europe/Berlin"
    }

    private let berlin = (latitude: 52.52, longitude: 13.41)
    private let newYork = (latitude: 40.71, longitude: -74.01)

    /// Every forecast there is.
    package static let all = recorded + invented

    /// What services really answered. It lies beside the project and not in it, so it may not be there.
    package static let recorded =
        FileManager.default.fileExists(atPath: Peers.recordings) ? everyRecorded : []

    /// What every service would have said about the same invented days; always there.
    package static let invented: [Recording] = [
        ("spring", InventedWeather.spring), ("autumn", InventedWeather.autumn),
    ].flatMap { season, weather in
        SourceName.allCases.map { Recording($0, season, invented: weather.answers(of: $0)) }
    }

    private static let everyRecorded: [Recording] = [
        Recording(.openMeteo, "open-meteo/inky_default_forecast.json"),
        Recording(
            .openMeteo, "open-meteo/inky_default_hourly_forecast.json",
            "open-meteo/inky_default_daily_forecast.json"),
        Recording(
            .openMeteo, "open-meteo/inky_alaska_snow_hourly_forecast.json",
            "open-meteo/inky_alaska_snow_daily_forecast.json", zone: "America/Anchorage"),
        Recording(
            .openMeteo, "open-meteo/inky_mixed_precip_hourly_forecast.json",
            "open-meteo/inky_mixed_precip_daily_forecast.json"),
        Recording(.openMeteo, "open-meteo/inky_ny_6pm_before_gmt_forecast.json", zone: "America/New_York"),
        Recording(.openMeteo, "open-meteo/inky_sample_response.json"),
        Recording(.openMeteo, "open-meteo/weather_openmeteo_current.json"),
        Recording(.openMeteo, "open-meteo/weather_openmeteo_current_weather.json"),
        Recording(.metNorway, "met-no/lat40.7lon-74.0altitude10_compact.json", zone: "America/New_York"),
        Recording(
            .metNorway, "met-no/lat51.5lon-0.1altitude25_complete.json", warnings: "alerts/metno_alerts.json",
            zone: "Europe/London"),
        Recording(
            .brightSky, "brightsky/iobroker_hourly_weather.json", warnings: "alerts/brightsky_alerts.json"),
        Recording(.openWeatherMap, "openweathermap/pyowm_one_call.json"),
        Recording(.nationalWeatherService, "nws/weather_weathergov_forecast.json", zone: "America/New_York"),
        Recording(
            .nationalWeatherService, "nws/detailed_forecast.json",
            warnings: "alerts/nws_alerts_with_test.json",
            zone: "America/New_York"),
        Recording(
            .nationalWeatherService, "nws/gridpoints_forecast_hourly_si.json", "nws/points.json",
            zone: "America/New_York"),
        Recording(
            .nationalWeatherService, "nws/gridpoints_forecast_hourly_us.json", "nws/points.json",
            zone: "America/New_York"),
        Recording(.pirateWeather, "pirateweather/weather_pirateweather.json", zone: "America/New_York"),
        Recording(.weatherCompany, "twc/v3_forecast_daily_15day_2022-02-20_excerpt.json"),
        Recording(
            .weatherUnderground, "wunderground/pair_2015-09-11_us-eastern_forecast10day.json",
            "wunderground/pair_2015-09-11_us-eastern_hourly10day_rain_wind_uv.json", zone: "America/New_York"),
        Recording(
            .weatherUnderground,
            "wunderground/combined_conditions_forecast10day_hourly36_2017-04-17_denver.json",
            zone: "America/Denver"),
        Recording(
            .weatherUnderground, "wunderground/forecast10day_2016-04-24_us-eastern.json",
            zone: "America/New_York"),
        Recording(.weatherUnderground, "wunderground/forecast_cassette_us.json", zone: "America/New_York"),
        Recording(.weatherUnderground, "wunderground/forecast_cassette_pws.json", zone: "America/New_York"),
        Recording(.weatherUnderground, "wunderground/forecast_cassette_international.json"),
    ]

    /// The one with most of everything.
    package static let pair = all.first { $0.source == .weatherUnderground } ?? all[0]

    /// The answers, as files hold them.
    package func answers() throws -> [[UInt8]] {
        try files.map { try Self.bytes($0) } + invented.map { Array($0.utf8) }
    }

    /// What was recorded, for a place of this name.
    package func forecast(named name: String) throws -> Forecast {
        let told = try told()
        let (latitude, longitude) = told.coordinates ?? (zone.hasPrefix("America/") ? newYork : berlin)
        guard let id = PlaceID("berlin"),
            let place = Place(
                id: id, name: name, latitude: latitude, longitude: longitude, timeZone: told.zone ?? zone)
        else { throw CocoaError(.coderInvalidValue) }
        var forecast = told.forecast(for: place)
        if forecast.place.timeZone == nil { forecast.place = forecast.place.inZone(place.timeZone ?? zone) }
        if let warnings { forecast.warnings += try Recordings.warnings(Self.bytes(warnings)) }
        return forecast
    }

    /// What has been read already: some tests make hundreds of calendars of the same answers.
    private static let read = Mutex<[String: Recordings.Told]>([:])

    private func told() throws -> Recordings.Told {
        if let told = Self.read.withLock({ $0[description] }) { return told }
        let told = try Recordings.read(source, answers())
        Self.read.withLock { $0[description] = told }
        return told
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: Peers.recordings + path) else {
            throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: Peers.recordings + path])
        }
        return Array(data)
    }
}
