extension InventedWeather {
    /// As MET Norway answers: steps of an hour for two and a half days, then of six, with amounts for the time
    /// that follows, speeds in m/s, and no snow but in the symbol.
    var metNorway: [String] {
        var steps: [String] = []
        var index = 0
        while index < hours.count {
            let length = index < 60 ? 1 : 6
            let end = min(index + length, hours.count)
            steps.append(step(hours[index..<end], isLast: end == hours.count))
            index = end
        }
        let properties = members([
            ("meta", #"{"updated_at":"\#(Self.utc(hours[0].time - 1800))","units":{"wind_speed":"m/s"}}"#),
            ("timeseries", "[\(steps.joined(separator: ","))]"),
        ])
        return [
            members([
                ("type", "\"Feature\""),
                ("geometry", #"{"type":"Point","coordinates":[\#(longitude),\#(latitude),38]}"#),
                ("properties", properties),
            ])
        ]
    }

    /// Of the last step nothing but the instant is known.
    private func step(_ hours: ArraySlice<Hour>, isLast: Bool) -> String {
        guard let first = hours.first else { return "{}" }
        var instant = [
            ("air_temperature", number(first.temperature)), ("dew_point_temperature", number(first.dewPoint)),
            ("relative_humidity", number(first.humidity)), ("cloud_area_fraction", number(first.clouds)),
            ("wind_from_direction", number(first.direction)), ("wind_speed", "\(first.wind / 3.6)"),
            ("wind_speed_of_gust", "\(first.gust / 3.6)"),
        ]
        if hours.count == 1 { instant.append(("ultraviolet_index_clear_sky", number(first.uvIndex))) }
        var data = [("instant", #"{"details":\#(members(instant))}"#)]
        if !isLast {
            let water = hours.reduce(0) { $0 + $1.rain + $1.snow }
            let symbol =
                hours.contains { $0.snow > 0 } ? "snow" : water > 0 ? "rain" : "partlycloudy_day"
            let details = members([
                ("precipitation_amount", "\(water)"), ("probability_of_precipitation", number(first.chance)),
            ])
            let period = #"{"summary":{"symbol_code":"\#(symbol)"},"details":\#(details)}"#
            data.append(("next_\(hours.count)_hours", period))
        }
        return members([("time", "\"\(Self.utc(first.time))\""), ("data", members(data))])
    }
}
