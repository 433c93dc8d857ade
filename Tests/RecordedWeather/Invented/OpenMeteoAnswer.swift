extension InventedWeather {
    /// As Open-Meteo answers when it is asked for numbers of seconds: sums, gusts and the UV index of a time
    /// are those of the hour before it.
    var openMeteo: [String] {
        let before = { (value: (Hour) -> Double) in
            list([nil] + hours.dropLast().map { Optional(value($0)) })
        }
        let instant = { (value: (Hour) -> Double) in list(hours.map { Optional(value($0)) }) }
        let hourly = members([
            ("time", list(hours.map { Double($0.time) })),
            ("temperature_2m", instant(\.temperature)), ("dew_point_2m", instant(\.dewPoint)),
            ("apparent_temperature", instant(\.feelsLike)), ("relative_humidity_2m", instant(\.humidity)),
            ("precipitation_probability", before(\.chance)),
            ("precipitation", before { $0.rain + $0.snow * 10 / 7 }), ("rain", before { $0.rain * 0.75 }),
            ("showers", before { $0.rain * 0.25 }), ("snowfall", before(\.snow)),
            ("weather_code", before { $0.snow > 0 ? 73 : $0.rain > 0 ? 61 : $0.clouds > 20 ? 2 : 0 }),
            ("wind_speed_10m", instant(\.wind)), ("wind_gusts_10m", before(\.gust)),
            ("wind_direction_10m", instant(\.direction)), ("uv_index", before(\.uvIndex)),
            ("cloud_cover", instant(\.clouds)),
        ])
        let units =
            #"{"time":"unixtime","temperature_2m":"°C","rain":"mm","snowfall":"cm","wind_speed_10m":"km/h","#
            + #""wind_gusts_10m":"km/h"}"#
        return [
            members([
                ("latitude", number(latitude)), ("longitude", number(longitude)),
                ("generationtime_ms", "0.42"), ("utc_offset_seconds", "\(offset(hours[0].time))"),
                ("timezone", "\"Europe/Berlin\""), ("timezone_abbreviation", "\"GMT+1\""),
                ("elevation", "38"), ("hourly_units", units), ("hourly", hourly),
            ])
        ]
    }
}
