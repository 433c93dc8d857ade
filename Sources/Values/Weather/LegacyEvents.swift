import FoundationEssentials

extension EventMaker {
    /// The events of the script that people come from: one per condition and hour, in its words and with its
    /// thresholds, nothing merged and nothing left out.
    ///
    /// Kept as it was, for the eye that is used to it: hours end a minute early, `Muggy` tells the humidity,
    /// and the depth of hourly snow is in millimetres whatever its label says.
    func legacyEvents() -> [WeatherEvent] {
        forecast.days.compactMap(legacyDay) + (0..<forecast.hours.count).flatMap(legacyHour)
    }

    private func legacyDay(_ day: DayFigures) -> WeatherEvent? {
        guard let low = day.low, let high = day.high else { return nil }
        let start = clock.moment(day.date, minuteOfDay: 6 * 60)
        let number = { (value: Double?) in value.map(Self.shortest) ?? "None" }
        let title =
            "\(number(low))-\(number(high))C \(number(day.humidity))% Rain:\(number(day.rain))"
            + " Snow:\(number(day.snow.map { $0 / 10 })) \(day.words ?? "")"
        return WeatherEvent(
            kind: .day, rule: .day, seed: "day-\(day.date.compact)", start: start,
            end: start.addingTimeInterval(15 * 60), form: .local, title: title, lines: [credit],
            category: phrases.name(of: "day"), calendar: "day")
    }

    private func legacyHour(_ index: Int) -> [WeatherEvent] {
        let hours = forecast.hours
        var events: [WeatherEvent] = []
        func add(_ rule: StaticString, _ title: String) {
            let start = hours.start(of: index)
            let id = RuleID(standard: rule)
            let time = Int(start.timeIntervalSince1970)
            events.append(
                WeatherEvent(
                    kind: .hours, rule: id, seed: "\(id)-\(time)", start: start,
                    end: start.addingTimeInterval(59 * 60), form: .utc, title: title, lines: [credit],
                    category: phrases.name(of: id.description), calendar: id.description))
        }
        let whole = { (value: Double) in Decimals.text(value, places: 0) }

        if let rain = hours[.precipitation, index], rain > 0 { add("rain", "Rain: \(whole(rain)) mm") }
        if let snow = hours[.snow, index], snow > 0 { add("snow", "Snow: \(whole(snow)) cm") }
        if let uvIndex = hours[.uvIndex, index], uvIndex > 4 { add("uv", "UV-Index: \(whole(uvIndex))") }
        if let temperature = hours[.temperature, index] {
            if temperature > 30 || temperature < -10 { add("temp", "Temp: \(whole(temperature)) C") }
            if let dewPoint = hours[.dewPoint, index], temperature - dewPoint < 3 {
                add("muggy", "Muggy: \(hours[.humidity, index].map(whole) ?? "?") %")
            }
        }
        if let wind = hours[.wind, index], wind > 23 / 3.6 {
            add("wind", "Wind: \(Decimals.text(wind * 3.6, places: 1)) km/h")
        }
        return events
    }

    /// `17`, `0.4`.
    private static func shortest(_ value: Double) -> String {
        let text = Decimals.text(value, places: 3)
        let trimmed = text.reversed().drop { $0 == "0" }.drop { $0 == "." }
        return value.rounded() == value ? Decimals.text(value, places: 0) : String(trimmed.reversed())
    }
}
