import Almanac
import FoundationEssentials
import ServerKit
import Weather

/// OpenWeather's One Call 3.0 (openweathermap.org/api/one-call-3).
struct OpenWeatherMap: ForecastSource {
    let name = SourceName.openWeatherMap
    let talk: Talk
    let settings: SourceSettings

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        let query = [
            ("lat", Decimals.text(place.latitude, places: 4)),
            ("lon", Decimals.text(place.longitude, places: 4)),
            ("exclude", "minutely"), ("units", "metric"), ("appid", settings.key?.revealed ?? ""),
        ]
        let answer = try await talk.get("/data/3.0/onecall", query)
        return try talk.told(in: answer, for: place, by: name, Self.read)
    }

    static func read(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        guard let root = answers.first else { throw AnswerMistake("there is no answer") }
        guard root["hourly"] != nil || root["daily"] != nil else {
            throw AnswerMistake(try root.string("message").map(Talk.plain) ?? "the answer has no 'hourly'")
        }
        let records = root["hourly"]?.list ?? []
        let kelvin = try isKelvin(records)
        var reading = Reading(hours: try hours(records, kelvin: kelvin))
        reading.zone = try root.string("timezone")
        if let latitude = try root.number("lat"), let longitude = try root.number("lon") {
            reading.coordinates = (latitude, longitude)
        }
        // The day's time is its noon, so an offset that is an hour off does no harm.
        let guess = Plausible.longitude(reading.coordinates?.longitude) * 240
        let offset = try root.offset("timezone_offset") ?? Int(guess)
        for record in root["daily"]?.list ?? [] {
            if let day = try day(record, offset: offset, kelvin: kelvin) { reading.days.append(day) }
        }
        if records.isEmpty, let first = try root["daily"]?.elements.first?.moment("dt") {
            reading.hours = HourTableBuilder(emptyAt: first).table
        }
        for record in root["alerts"]?.list ?? [] {
            if let warning = try warning(record) { reading.warnings.append(warning) }
        }
        return reading
    }

    /// Answers do not name their units. Those asked for without units are in kelvin, and nothing else is so
    /// warm.
    private static func isKelvin(_ records: [JSONValue]) throws(AnswerMistake) -> Bool {
        guard let temperature = try records.first?.number("temp") else { return false }
        return temperature > 150
    }

    private static func hours(_ records: [JSONValue], kelvin: Bool) throws(AnswerMistake) -> HourTable {
        guard !records.isEmpty else { return HourTableBuilder(emptyAt: 0).table }
        var times: [Int] = []
        for record in records {
            guard let time = try record.moment("dt") else { throw record.mistake("has no 'dt'") }
            times.append(time)
        }
        let celsius = { (value: Double?) in value.map { kelvin ? $0 - 273.15 : $0 } }
        var builder = try HourTableBuilder(from: times)
        for (time, record) in zip(times, records) {
            builder.set(.temperature, time, celsius(try record.number("temp")))
            builder.set(.dewPoint, time, celsius(try record.number("dew_point")))
            builder.set(.feelsLike, time, celsius(try record.number("feels_like")))
            builder.set(.humidity, time, try record.number("humidity"))
            builder.set(.uvIndex, time, try record.number("uvi"))
            builder.set(.clouds, time, try record.number("clouds"))
            builder.set(.wind, time, try record.number("wind_speed"))
            builder.set(.gust, time, try record.number("wind_gust"))
            builder.set(.windDirection, time, try record.number("wind_deg"))
            builder.set(.chance, time, try record.number("pop").map { $0 * 100 })
            // No key means none has fallen, since the hour itself is there.
            let rain = try record["rain"]?.number("1h") ?? 0
            let snow = try record["snow"]?.number("1h") ?? 0
            builder.set(.rain, time, rain)
            builder.set(.snow, time, snow * 10)
            builder.set(.precipitation, time, rain + snow)
            builder.setSky(time, try Sky(openWeather: record["weather"]?.elements.first?.number("id")))
        }
        return builder.table.completed()
    }

    private static func day(
        _ record: JSONValue, offset: Int, kelvin: Bool
    ) throws(AnswerMistake) -> DayFigures? {
        guard let time = try record.moment("dt") else { return nil }
        var day = DayFigures(date: CivilDate(number: (time + offset) / 86_400))
        let celsius = { (value: Double?) in value.map { kelvin ? $0 - 273.15 : $0 } }
        day.low = Plausible.value(celsius(try record["temp"]?.number("min")), of: .temperature)
        day.high = Plausible.value(celsius(try record["temp"]?.number("max")), of: .temperature)
        day.humidity = try record.number("humidity")
        day.rain = try record.number("rain") ?? 0
        day.snow = (try record.number("snow") ?? 0) * 10
        day.chance = try record.number("pop").map { $0 * 100 }
        day.wind = try record.number("wind_speed")
        day.gust = try record.number("wind_gust")
        day.uvIndex = try record.number("uvi")
        day.sunrise = try record.moment("sunrise").map(Moments.date)
        day.sunset = try record.moment("sunset").map(Moments.date)
        let weather = record["weather"]?.elements.first
        day.sky = try Sky(openWeather: weather?.number("id"))
        day.words = try weather?.string("description")
        return day
    }

    private static func warning(_ record: JSONValue) throws(AnswerMistake) -> Warning? {
        guard let event = try record.string("event"), let start = try record.moment("start"),
            let end = try record.moment("end"), end > start
        else { return nil }
        let sender = try record.string("sender_name") ?? "OpenWeather"
        return Warning(
            id: "\(sender) \(event) \(start)", severity: .unknown, start: Moments.date(start),
            end: Moments.date(end),
            text: Warning.Text(event: event, details: try record.string("description")), issuer: sender)
    }
}

extension Sky {
    /// From openweathermap.org/weather-conditions.
    init?(openWeather code: Double?) {
        switch code.flatMap({ Int(exactly: $0) }) ?? 0 {
        case 200...299: self = .thunderstorm
        case 300...399: self = .drizzle
        case 500, 501: self = .rain
        case 502...504, 522: self = .heavyRain
        case 511: self = .freezingRain
        case 520, 521, 531: self = .showers
        case 600, 601: self = .snow
        case 602: self = .heavySnow
        case 611...616: self = .sleet
        case 620...622: self = .snowShowers
        case 701, 721, 741: self = .fog
        case 711, 731, 751, 761, 762: self = .dust
        case 771, 781: self = .windy
        case 800: self = .clear
        case 801: self = .fair
        case 802: self = .partlyCloudy
        case 803: self = .cloudy
        case 804: self = .overcast
        default: return nil
        }
    }
}
