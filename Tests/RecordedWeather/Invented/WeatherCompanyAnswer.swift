extension InventedWeather {
    /// As The Weather Company answers: columns, whole degrees and km/h, snow in cm, and days whose halves are
    /// columns of their own.
    var weatherCompany: [String] { [hourlyColumns, dailyColumns] }

    private var hourlyColumns: String {
        let column = { (value: (Hour) -> Double) in list(hours.map { Optional(value($0)) }) }
        return members([
            ("validTimeUtc", column { Double($0.time) }),
            ("validTimeLocal", list(hours.map { wall($0.time) + offsetText($0.time) })),
            ("temperature", column { $0.temperature.rounded() }),
            ("temperatureDewPoint", column { $0.dewPoint.rounded() }),
            ("temperatureFeelsLike", column { $0.feelsLike.rounded() }),
            ("relativeHumidity", column(\.humidity)),
            ("windSpeed", column { $0.wind.rounded() }), ("windGust", column { $0.gust.rounded() }),
            ("windDirection", column(\.direction)), ("uvIndex", column { $0.uvIndex.rounded() }),
            ("qpf", column { $0.rain + $0.snow }), ("qpfSnow", column(\.snow)),
            ("precipChance", column(\.chance)),
            ("cloudCover", column(\.clouds)),
            (
                "wxPhraseLong",
                list(hours.map { $0.snow > 0 ? "Snow" : $0.rain > 0 ? "Rain" : "Mostly Cloudy" })
            ),
        ])
    }

    private var dailyColumns: String {
        let days = daysOfThePlace
        let column = { (value: ([Hour]) -> Double) in list(days.map { Optional(value($0.hours)) }) }
        let halves = { (first: Double?, value: Double) in
            list([first] + Array(repeating: Optional(value), count: days.count * 2 - 1))
        }
        let high = { (hours: [Hour]) in (hours.map(\.temperature).max() ?? 0).rounded() }
        let low = { (hours: [Hour]) in (hours.map(\.temperature).min() ?? 0).rounded() }
        let part = members([
            ("relativeHumidity", halves(nil, 80)), ("uvIndex", halves(nil, 3)),
            ("windSpeed", halves(nil, 14)),
            ("precipChance", halves(nil, 42)),
            ("wxPhraseLong", "[null" + String(repeating: ",\"Showers\"", count: days.count * 2 - 1) + "]"),
        ])
        return members([
            ("calendarDayTemperatureMax", column(high)), ("calendarDayTemperatureMin", column(low)),
            ("temperatureMax", column(high)), ("temperatureMin", column(low)),
            ("qpf", column { $0.reduce(0) { $0 + $1.rain + $1.snow } }),
            ("qpfSnow", column { $0.reduce(0) { $0 + $1.snow } }),
            ("validTimeLocal", list(days.map { wall($0.hours[7].time) + offsetText($0.hours[7].time) })),
            ("validTimeUtc", column { Double($0[7].time) }), ("daypart", "[\(part)]"),
        ])
    }
}
