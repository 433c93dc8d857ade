extension InventedWeather {
    /// As the National Weather Service answers: layers of the grid in which hours that are alike are one, water
    /// and snow in blocks of six hours; and beside it the hourly forecast with its speeds as text.
    var nationalWeatherService: [String] { [grid, hourlyPeriods] }

    private var grid: String {
        let layers: [(String, String, String)] = [
            ("temperature", "wmoUnit:degC", layer(\.temperature)),
            ("dewpoint", "wmoUnit:degC", layer(\.dewPoint)),
            ("apparentTemperature", "wmoUnit:degC", layer(\.feelsLike)),
            ("relativeHumidity", "wmoUnit:percent", layer(\.humidity)),
            ("skyCover", "wmoUnit:percent", layer(\.clouds)),
            ("windSpeed", "wmoUnit:km_h-1", layer(\.wind)), ("windGust", "wmoUnit:km_h-1", layer(\.gust)),
            ("windDirection", "wmoUnit:degree_(angle)", layer(\.direction)),
            ("probabilityOfPrecipitation", "wmoUnit:percent", layer(\.chance)),
            ("quantitativePrecipitation", "wmoUnit:mm", blocks { $0.rain + $0.snow }),
            ("snowfallAmount", "wmoUnit:mm", blocks { $0.snow * 10 }),
        ]
        let properties =
            [("updateTime", "\"\(Self.utc(hours[0].time - 600))\"")]
            + layers.map { ($0.0, #"{"uom":"\#($0.1)","values":\#($0.2)}"#) }
        let corner = "[[[\(longitude),\(latitude)],[\(longitude + 0.02),\(latitude)]]]"
        return members([
            ("type", "\"Feature\""), ("geometry", #"{"type":"Polygon","coordinates":\#(corner)}"#),
            ("properties", members(properties)),
        ])
    }

    private func layer(_ value: (Hour) -> Double) -> String {
        var entries: [String] = []
        var index = 0
        while index < hours.count {
            var end = index + 1
            while end < hours.count, value(hours[end]) == value(hours[index]) { end += 1 }
            entries.append(entry(index, end - index, value(hours[index])))
            index = end
        }
        return "[\(entries.joined(separator: ","))]"
    }

    private func blocks(_ value: (Hour) -> Double) -> String {
        let entries = stride(from: 0, to: hours.count, by: 6).map { index in
            let block = hours[index..<min(index + 6, hours.count)]
            return entry(index, block.count, block.reduce(0) { $0 + value($1) })
        }
        return "[\(entries.joined(separator: ","))]"
    }

    private func entry(_ index: Int, _ length: Int, _ value: Double) -> String {
        let duration =
            length < 24 ? "PT\(length)H" : "P\(length / 24)D\(length % 24 > 0 ? "T\(length % 24)H" : "")"
        return
            #"{"validTime":"\#(Self.utc(hours[index].time).dropLast())+00:00/\#(duration)","value":\#(number(value))}"#
    }

    private var hourlyPeriods: String {
        let periods = hours.prefix(156).map { hour in
            let start = "\(wall(hour.time))\(offsetText(hour.time, colon: ":"))"
            let end = "\(wall(hour.time + 3600))\(offsetText(hour.time + 3600, colon: ":"))"
            let words = hour.snow > 0 ? "Snow" : hour.rain > 0 ? "Light Rain" : "Mostly Clear"
            return members([
                ("startTime", "\"\(start)\""), ("endTime", "\"\(end)\""), ("isDaytime", "true"),
                ("temperature", "\(Int(hour.temperature.rounded()))"), ("temperatureUnit", "\"C\""),
                (
                    "probabilityOfPrecipitation",
                    #"{"unitCode":"wmoUnit:percent","value":\#(number(hour.chance))}"#
                ),
                ("dewpoint", #"{"unitCode":"wmoUnit:degC","value":\#(number(hour.dewPoint))}"#),
                ("relativeHumidity", #"{"unitCode":"wmoUnit:percent","value":\#(number(hour.humidity))}"#),
                ("windSpeed", "\"\(Int(hour.wind.rounded())) km/h\""), ("windDirection", "\"NE\""),
                ("shortForecast", "\"\(words)\""),
            ])
        }
        return
            #"{"type":"Feature","properties":{"units":"si","periods":[\#(periods.joined(separator: ","))]}}"#
    }
}
