import Almanac
import FoundationEssentials
import Weather

/// What an answer says, before it is known for which place it was asked.
struct Reading: Sendable {
    var hours: HourTable
    var days: [DayFigures] = []
    var issued: Date?
    /// The zone the source says the place is in.
    var zone: String?
    /// Where the source says the forecast is for.
    var coordinates: (latitude: Double, longitude: Double)?
    var warnings: [Warning] = []

    init(hours: HourTable) { self.hours = hours }

    /// - Parameter place: the zone it has is believed more than the source's.
    func forecast(for place: Place, source: SourceName) -> Forecast {
        let first = (hours.count > 0 ? hours.start : days.first.map { Moments.date($0.date.number * 86_400) })
        // A date that has nothing to do with the hours is a mistake of the source.
        let days = days.filter { day in
            let distance = Double(day.date.number) * 86_400 - (first?.timeIntervalSince1970 ?? 0)
            return abs(distance) < 40 * 86_400 && day.date.year < 2200
        }
        let place = place.timeZone == nil ? zone.map(place.inZone) ?? place : place
        return Forecast(
            place: place, source: source, issued: issued, hours: hours, days: days,
            warnings: Array(warnings.prefix(200)),
            licence: source.licence)
    }
}

extension SourceName {
    /// How the source wants to be credited.
    var licence: Licence {
        switch self {
        case .openMeteo:
            Licence(text: "Weather data by Open-Meteo.com (CC BY 4.0)", url: "https://open-meteo.com/")
        case .metNorway:
            Licence(text: "Data from MET Norway (CC BY 4.0)", url: "https://api.met.no/doc/License")
        case .brightSky:
            Licence(
                text: "Source: Deutscher Wetterdienst, by Bright Sky (CC BY 4.0)",
                url: "https://brightsky.dev/")
        case .openWeatherMap:
            Licence(
                text: "Weather data provided by OpenWeather (CC BY-SA 4.0)",
                url: "https://openweathermap.org/")
        case .nationalWeatherService:
            Licence(text: "NOAA/National Weather Service (public domain)", url: "https://www.weather.gov/")
        case .pirateWeather:
            Licence(text: "Powered by Pirate Weather", url: "https://pirateweather.net/")
        case .weatherCompany:
            Licence(text: "The Weather Company", url: "https://www.weather.com/")
        case .weatherUnderground:
            Licence(text: "Weather Underground", url: "https://www.wunderground.com/")
        }
    }
}
