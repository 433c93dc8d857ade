extension InventedWeather {
    /// As OpenWeather's One Call answers: two days of hours and eight of days, speeds in m/s, chances up to 1,
    /// rain and snow only where some falls, and both as water.
    var openWeatherMap: [String] {
        let hourly = hours.prefix(48).map { hour in
            var record = [
                ("dt", "\(hour.time)"), ("temp", number(hour.temperature)),
                ("feels_like", number(hour.feelsLike)), ("pressure", "1017"),
                ("humidity", number(hour.humidity)), ("dew_point", number(hour.dewPoint)),
                ("uvi", number(hour.uvIndex)), ("clouds", number(hour.clouds)),
                ("wind_speed", "\(hour.wind / 3.6)"), ("wind_deg", number(hour.direction)),
                ("wind_gust", "\(hour.gust / 3.6)"), ("pop", "\(hour.chance / 100)"),
                ("weather", #"[{"id":\#(Self.code(hour)),"main":"x","description":"x","icon":"10d"}]"#),
            ]
            if hour.rain > 0 { record.append(("rain", #"{"1h":\#(number(hour.rain))}"#)) }
            if hour.snow > 0 { record.append(("snow", #"{"1h":\#(number(hour.snow))}"#)) }
            return members(record)
        }
        let daily = daysOfThePlace.prefix(8).map { day in
            let noon = day.hours[day.hours.count / 2]
            let temperatures = day.hours.map(\.temperature)
            let low = number(temperatures.min() ?? 0)
            let high = number(temperatures.max() ?? 0)
            return members([
                ("dt", "\(noon.time)"), ("temp", #"{"min":\#(low),"max":\#(high),"day":\#(high)}"#),
                ("humidity", "70"), ("wind_speed", "5"), ("pop", "0.5"), ("uvi", "3"),
                ("weather", #"[{"id":500,"main":"Rain","description":"light rain","icon":"10d"}]"#),
            ])
        }
        let alert =
            #"{"sender_name":"Deutscher Wetterdienst","event":"frost","start":\#(hours[2].time),"end":\#(hours[9].time),"description":"There is a risk of frost."}"#
        return [
            members([
                ("lat", number(latitude)), ("lon", number(longitude)), ("timezone", "\"Europe/Berlin\""),
                ("timezone_offset", "\(offset(hours[0].time))"),
                ("hourly", "[\(hourly.joined(separator: ","))]"),
                ("daily", "[\(daily.joined(separator: ","))]"), ("alerts", "[\(alert)]"),
            ])
        ]
    }

    private static func code(_ hour: Hour) -> Int {
        hour.snow > 0 ? 600 : hour.rain > 0 ? 500 : hour.clouds > 20 ? 802 : 800
    }
}
