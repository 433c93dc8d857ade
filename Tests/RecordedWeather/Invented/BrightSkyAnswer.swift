extension InventedWeather {
    /// As Bright Sky answers: wind, amounts and the word for the weather are those of the hour before the time,
    /// humidity is mostly left out, and there is neither a UV index nor a depth of snow.
    var brightSky: [String] {
        let records = hours.indices.map { index -> String in
            let hour = hours[index]
            let before = index > 0 ? hours[index - 1] : nil
            let condition = before.map { $0.snow > 0 ? "snow" : $0.rain > 0 ? "rain" : "dry" } ?? "dry"
            let then = { (value: (Hour) -> Double) in before.map { number(value($0)) } ?? "null" }
            return members([
                ("timestamp", "\"\(Self.utc(hour.time).dropLast())+00:00\""), ("source_id", "2382"),
                ("precipitation", then { $0.rain + $0.snow }), ("pressure_msl", "1019.4"), ("sunshine", "8"),
                ("temperature", number(hour.temperature)), ("wind_direction", then(\.direction)),
                ("wind_speed", then(\.wind)), ("cloud_cover", number(hour.clouds)),
                ("dew_point", number(hour.dewPoint)), ("relative_humidity", "null"),
                ("wind_gust_speed", then(\.gust)), ("condition", "\"\(condition)\""),
                ("precipitation_probability", then(\.chance)), ("icon", "\"cloudy\""),
            ])
        }
        let source = #"{"id":2382,"lat":\#(latitude),"lon":\#(longitude),"station_name":"BERLIN"}"#
        return [#"{"weather":[\#(records.joined(separator: ","))],"sources":[\#(source)]}"#]
    }
}
