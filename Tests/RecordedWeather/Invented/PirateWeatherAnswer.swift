extension InventedWeather {
    /// As Pirate Weather answers in SI units: shares up to 1, rates in mm/h, what accumulates in cm.
    var pirateWeather: [String] {
        let hourly = hours.prefix(168).map { hour in
            let isSnow = hour.snow > 0
            return members([
                ("time", "\(hour.time)"), ("summary", "\"x\""), ("icon", "\"\(isSnow ? "snow" : "cloudy")\""),
                ("precipIntensity", "\(hour.rain + hour.snow)"),
                ("precipProbability", "\(hour.chance / 100)"),
                ("precipAccumulation", "\(isSnow ? hour.snow : hour.rain / 10)"),
                ("precipType", "\"\(isSnow ? "snow" : hour.rain > 0 ? "rain" : "none")\""),
                ("temperature", number(hour.temperature)), ("apparentTemperature", number(hour.feelsLike)),
                ("dewPoint", number(hour.dewPoint)), ("humidity", "\(hour.humidity / 100)"),
                ("windSpeed", "\(hour.wind / 3.6)"), ("windGust", "\(hour.gust / 3.6)"),
                ("windBearing", number(hour.direction)), ("cloudCover", "\(hour.clouds / 100)"),
                ("uvIndex", number(hour.uvIndex)),
            ])
        }
        let daily = daysOfThePlace.prefix(8).map { day in
            let temperatures = day.hours.map(\.temperature)
            return members([
                ("time", "\(day.hours[0].time)"), ("icon", "\"rain\""),
                ("summary", "\"Rain in the evening.\""),
                ("temperatureMin", number(temperatures.min() ?? 0)),
                ("temperatureMax", number(temperatures.max() ?? 0)), ("humidity", "0.71"),
                ("precipType", "\"rain\""), ("precipAccumulation", "0.3"), ("uvIndex", "3.7"),
            ])
        }
        let alert =
            #"{"title":"Wind Advisory","severity":"Severe","time":\#(hours[4].time),"expires":\#(hours[30].time),"description":"* WHAT...Wind","uri":"https://weather.example.org/alerts/1"}"#
        return [
            members([
                ("latitude", number(latitude)), ("longitude", number(longitude)),
                ("timezone", "\"Europe/Berlin\""), ("offset", number(Double(offset(hours[0].time)) / 3600)),
                ("hourly", #"{"data":[\#(hourly.joined(separator: ","))]}"#),
                ("daily", #"{"data":[\#(daily.joined(separator: ","))]}"#), ("alerts", "[\(alert)]"),
                ("flags", #"{"units":"si","version":"V2.9.1"}"#),
            ])
        ]
    }
}
