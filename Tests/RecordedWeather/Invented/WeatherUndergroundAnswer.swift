extension InventedWeather {
    /// As Weather Underground answered: every number of an hour a text, whole degrees, km/h and mm, what is
    /// unknown −9999, the clock of the place without its zone; and days with centimetres of snow.
    var weatherUnderground: [String] {
        let hourly = hours.prefix(240).map(undergroundHour)
        let daily = daysOfThePlace.prefix(10).map { undergroundDay($0.date, $0.hours) }
        return [
            #"{"response":{"version":"0.1","features":{"hourly10day":1}},"hourly_forecast":[\#(hourly.joined(separator: ","))]}"#,
            #"{"response":{"version":"0.1","features":{"forecast10day":1}},"forecast":{"simpleforecast":{"forecastday":[\#(daily.joined(separator: ","))]}}}"#,
        ]
    }

    private func undergroundHour(_ hour: Hour) -> String {
        let clock = wall(hour.time)
        let text = { (value: Double) in "\"\(Int(value.rounded()))\"" }
        let both = { (value: Double) in #"{"english":"-9999","metric":\#(text(value))}"# }
        let part = { (from: Int, length: Int) in "\"\(Int(clock.dropFirst(from).prefix(length)) ?? 0)\"" }
        let time = members([
            ("hour", part(11, 2)), ("mday", part(8, 2)), ("mon", part(5, 2)), ("year", part(0, 4)),
            ("isdst", offset(hour.time) > 3600 ? "\"1\"" : "\"0\""), ("epoch", "\"\(hour.time)\""),
            ("tz", "\"\""),
        ])
        let word = hour.snow > 0 ? "snow" : hour.rain > 0 ? "rain" : "partlycloudy"
        return members([
            ("FCTTIME", time), ("temp", both(hour.temperature)), ("dewpoint", both(hour.dewPoint)),
            ("condition", "\"\(word)\""), ("icon", "\"\(word)\""), ("fctcode", "\"12\""),
            ("sky", text(hour.clouds)), ("wspd", both(hour.wind)),
            ("wdir", #"{"dir":"NNE","degrees":\#(text(hour.direction))}"#), ("wx", "\"x\""),
            ("uvi", text(hour.uvIndex)), ("humidity", text(hour.humidity)),
            ("windchill", #"{"english":"-9999","metric":"-9999"}"#),
            ("feelslike", both(hour.feelsLike)), ("qpf", both(hour.rain + hour.snow)),
            // Millimetres as it lies, although the days have centimetres.
            ("snow", both(hour.snow * 10)), ("pop", text(hour.chance)),
            ("mslp", #"{"english":"29.87","metric":"1012"}"#),
        ])
    }

    private func undergroundDay(_ date: String, _ hours: [Hour]) -> String {
        let temperatures = hours.map(\.temperature)
        let degrees = { (value: Double?) in
            #"{"fahrenheit":"0","celsius":"\#(Int((value ?? 0).rounded()))"}"#
        }
        let rain = hours.reduce(0) { $0 + $1.rain }.rounded()
        let part = { (from: Int, length: Int) in "\(Int(date.dropFirst(from).prefix(length)) ?? 0)" }
        let day = members([
            ("epoch", "\"\(hours[19].time)\""), ("day", part(8, 2)), ("month", part(5, 2)),
            ("year", part(0, 4)),
            ("tz_short", "\"CET\""), ("tz_long", "\"Europe/Berlin\""),
        ])
        return members([
            ("date", day), ("high", degrees(temperatures.max())), ("low", degrees(temperatures.min())),
            ("conditions", rain > 0 ? "\"Rain\"" : "\"Partly Cloudy\""), ("icon", "\"rain\""), ("pop", "60"),
            ("qpf_allday", #"{"in":0,"mm":\#(number(rain))}"#), ("qpf_day", #"{"in":null,"mm":null}"#),
            ("snow_allday", #"{"in":0,"cm":\#(number(hours.reduce(0) { $0 + $1.snow }))}"#),
            ("maxwind", #"{"mph":0,"kph":0,"dir":"","degrees":0}"#), ("avehumidity", "70"),
        ])
    }
}
