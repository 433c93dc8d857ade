import Almanac
import FoundationEssentials
import ServerKit
import Weather

/// Pirate Weather, in the form of the Dark Sky API (docs.pirateweather.net).
struct PirateWeather: ForecastSource {
    let name = SourceName.pirateWeather
    let talk: Talk
    let settings: SourceSettings

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        let point = "\(Decimals.text(place.latitude, places: 4)),\(Decimals.text(place.longitude, places: 4))"
        let key = Talk.escaped(settings.key?.revealed ?? "")
        let query = [
            ("units", "si"), ("extend", "hourly"), ("version", "2"), ("exclude", "minutely,currently"),
        ]
        let answer = try await talk.get("/forecast/\(key)/\(point)", query)
        return try talk.told(in: answer, for: place, by: name, Self.read)
    }

    static func read(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        guard let root = answers.first else { throw AnswerMistake("there is no answer") }
        guard let hourly = root["hourly"] else {
            throw AnswerMistake(try root.string("message").map(Talk.plain) ?? "the answer has no 'hourly'")
        }
        // Without a word about it the units are those of the United States.
        let units = PirateUnits(name: try root["flags"]?.string("units") ?? "us")
        let records = try hourly.member("data").list
        var times: [Int] = []
        for record in records {
            guard let time = try record.moment("time") else { throw record.mistake("has no 'time'") }
            times.append(time)
        }
        var builder = try HourTableBuilder(from: times)
        for (time, record) in zip(times, records) { try read(record, at: time, units, into: &builder) }
        var reading = Reading(hours: builder.table.completed())
        reading.zone = try root.string("timezone")
        if let latitude = try root.number("latitude"), let longitude = try root.number("longitude") {
            reading.coordinates = (latitude, longitude)
        }
        let offset = try root.offset("offset", unit: 3600) ?? 0
        for record in root["daily"]?["data"]?.list ?? [] {
            reading.days.append(try day(record, offset: offset, units))
        }
        for record in root["alerts"]?.list ?? [] {
            if let warning = try warning(record) { reading.warnings.append(warning) }
        }
        return reading
    }

    private static func read(
        _ record: JSONValue, at time: Int, _ units: PirateUnits, into builder: inout HourTableBuilder
    ) throws(AnswerMistake) {
        builder.set(.temperature, time, try record.number("temperature").map(units.celsius))
        builder.set(.dewPoint, time, try record.number("dewPoint").map(units.celsius))
        builder.set(.feelsLike, time, try record.number("apparentTemperature").map(units.celsius))
        builder.set(.humidity, time, try percent(record["humidity"]))
        builder.set(.wind, time, try record.number("windSpeed").map(units.speed))
        builder.set(.gust, time, try record.number("windGust").map(units.speed))
        builder.set(.windDirection, time, try record.number("windBearing"))
        builder.set(.uvIndex, time, try record.number("uvIndex"))
        builder.set(.clouds, time, try percent(record["cloudCover"]))
        builder.set(.chance, time, try percent(record["precipProbability"]))
        // A rate in mm/h is what falls in the hour.
        let water = try record.number("precipIntensity").map(units.millimetres)
        let lies = try record.number("precipAccumulation").map(units.accumulated)
        let isSnow = try record.string("precipType") == "snow"
        builder.set(.precipitation, time, water)
        builder.set(.rain, time, isSnow ? 0 : water)
        builder.set(.snow, time, isSnow ? lies : 0)
        builder.setSky(time, Sky(icon: try record.string("icon") ?? ""))
    }

    private static func percent(_ value: JSONValue?) throws(AnswerMistake) -> Double? {
        guard let value = try value?.number() else { return nil }
        return (0...1).contains(value) ? value * 100 : nil
    }

    private static func day(
        _ record: JSONValue, offset: Int, _ units: PirateUnits
    ) throws(AnswerMistake) -> DayFigures {
        guard let time = try record.moment("time") else { throw record.mistake("has no 'time'") }
        // The time is the day's midnight; noon is in the right day also when the clocks change.
        var day = DayFigures(date: CivilDate(number: (time + offset + 43_200) / 86_400))
        day.low = Plausible.value(try record.number("temperatureMin").map(units.celsius), of: .temperature)
        day.high = Plausible.value(try record.number("temperatureMax").map(units.celsius), of: .temperature)
        day.humidity = try percent(record["humidity"])
        let lies = try record.number("precipAccumulation").map(units.accumulated)
        let isSnow = try record.string("precipType") == "snow"
        day.snow = isSnow ? lies : 0
        day.rain = isSnow ? 0 : lies
        day.chance = try percent(record["precipProbability"])
        day.gust = try record.number("windGust").map(units.speed)
        day.uvIndex = try record.number("uvIndex")
        day.sky = Sky(icon: try record.string("icon") ?? "")
        day.words = try record.string("summary").map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
        day.sunrise = try record.moment("sunriseTime").map(Moments.date)
        day.sunset = try record.moment("sunsetTime").map(Moments.date)
        return day
    }

    private static func warning(_ record: JSONValue) throws(AnswerMistake) -> Warning? {
        guard let title = try record.string("title"), let start = try record.moment("time"),
            let end = try record.moment("expires"), end > start
        else { return nil }
        let uri = try record.string("uri")
        return Warning(
            id: uri ?? "\(title) \(start)", severity: Severity(word: try record.string("severity") ?? ""),
            start: Moments.date(start), end: Moments.date(end),
            text: Warning.Text(event: title, details: try record.string("description")),
            issuer: "Pirate Weather", url: uri?.hasPrefix("http") == true ? uri : nil)
    }
}

/// What numbers mean under each of the names of units.
private struct PirateUnits {
    let celsius: (Double) -> Double
    let speed: (Double) -> Double
    /// From a rate to mm/h.
    let millimetres: (Double) -> Double
    /// From an accumulation to mm.
    let accumulated: (Double) -> Double

    init(name: String) {
        let isUS = name == "us"
        celsius = isUS ? { ($0 - 32) * 5 / 9 } : { $0 }
        speed =
            switch name {
            case "us", "uk", "uk2": { $0 * 0.44704 }
            case "ca": { $0 / 3.6 }
            default: { $0 }
            }
        millimetres = isUS ? { $0 * 25.4 } : { $0 }
        accumulated = isUS ? { $0 * 25.4 } : { $0 * 10 }
    }
}

extension Sky {
    /// From the icons of Dark Sky.
    init?(icon: String) {
        switch icon {
        case "clear-day", "clear-night": self = .clear
        case "mostly-clear-day", "mostly-clear-night": self = .fair
        case "partly-cloudy-day", "partly-cloudy-night": self = .partlyCloudy
        case "mostly-cloudy-day", "mostly-cloudy-night": self = .cloudy
        case "cloudy": self = .overcast
        case "fog", "mist", "haze", "smoke": self = .fog
        case "drizzle", "light-rain", "possible-rain-day", "possible-rain-night": self = .drizzle
        case "rain": self = .rain
        case "heavy-rain": self = .heavyRain
        case "snow", "light-snow", "possible-snow-day", "possible-snow-night": self = .snow
        case "heavy-snow": self = .heavySnow
        case "flurries": self = .snowShowers
        case "sleet", "light-sleet", "heavy-sleet", "very-light-sleet", "mixed": self = .sleet
        case "freezing-rain", "freezing-drizzle": self = .freezingRain
        case "hail": self = .hail
        case "thunderstorm": self = .thunderstorm
        case "wind", "breezy", "dangerous-wind": self = .windy
        default: return nil
        }
    }
}
