package import FoundationEssentials

/// What one source foretells for one place, whatever form the source gave it.
package struct Forecast: Hashable, Sendable {
    package var place: Place
    package let source: SourceName
    /// When the source made it, where it says so.
    package let issued: Date?
    package let hours: HourTable
    /// What the source itself says about whole days, in order; what no weather does is left out.
    package let days: [DayFigures]
    /// Official warnings that came with it.
    package var warnings: [Warning]
    package let licence: Licence

    package init(
        place: Place, source: SourceName, issued: Date?, hours: HourTable, days: [DayFigures] = [],
        warnings: [Warning] = [], licence: Licence
    ) {
        self.place = place
        self.source = source
        self.issued = issued
        self.hours = hours
        self.days = days.map(\.plausible)
        self.warnings = warnings
        self.licence = licence
    }
}

/// The services whose answers are understood, by the name that configuration uses.
package enum SourceName: String, Sendable, CaseIterable {
    case openMeteo = "open-meteo"
    case metNorway = "met-norway"
    case brightSky = "bright-sky"
    case openWeatherMap = "openweathermap"
    case nationalWeatherService = "nws"
    case pirateWeather = "pirate-weather"
    case weatherCompany = "weather-company"
    case weatherUnderground = "wunderground"
}

/// Who is to be credited for data, and under what terms it may be shown.
package struct Licence: Hashable, Sendable {
    /// A sentence to show with the data.
    package let text: String
    package let url: String

    package init(text: String, url: String) {
        self.text = text
        self.url = url
    }
}

/// A source's own figures for one civil day of the place. What it did not say is nil.
package struct DayFigures: Hashable, Sendable {
    package let date: CivilDate
    /// °C.
    package var low: Double?
    /// °C.
    package var high: Double?
    /// Mean relative humidity, %.
    package var humidity: Double?
    /// mm.
    package var rain: Double?
    /// New snow as it lies, mm.
    package var snow: Double?
    /// The highest chance of precipitation of the day, %.
    package var chance: Double?
    /// The highest mean wind of the day, m/s.
    package var wind: Double?
    /// The highest gust of the day, m/s.
    package var gust: Double?
    package var uvIndex: Double?
    package var sky: Sky?
    /// The day in the source's own words.
    package var words: String?
    package var sunrise: Date?
    package var sunset: Date?

    package init(date: CivilDate) { self.date = date }

    /// The figures without those that are beyond what weather does.
    var plausible: DayFigures {
        var day = self
        func keep(_ figure: WritableKeyPath<DayFigures, Double?>, _ quantity: Quantity) {
            guard let value = day[keyPath: figure], !quantity.bounds.contains(value) else { return }
            day[keyPath: figure] = nil
        }
        keep(\.low, .temperature)
        keep(\.high, .temperature)
        keep(\.humidity, .humidity)
        keep(\.rain, .rain)
        keep(\.snow, .snow)
        keep(\.chance, .chance)
        keep(\.wind, .wind)
        keep(\.gust, .gust)
        keep(\.uvIndex, .uvIndex)
        return day
    }
}
