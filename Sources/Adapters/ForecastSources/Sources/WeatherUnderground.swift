import Almanac
import FoundationEssentials
import ServerKit
import Weather

/// The shapes of Weather Underground's API, `forecast10day` and `hourly10day`: the service itself ended in
/// 2019; its recordings and compatible servers have not.
struct WeatherUnderground: ForecastSource {
    let name = SourceName.weatherUnderground
    let talk: Talk
    let settings: SourceSettings

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        let point = "\(Decimals.text(place.latitude, places: 4)),\(Decimals.text(place.longitude, places: 4))"
        let query = place.station.map { "pws:\(Talk.escaped($0))" } ?? point
        let key = Talk.escaped(settings.key?.revealed ?? "")
        let answer = try await talk.get("/api/\(key)/forecast10day/hourly10day/q/\(query).json")
        return try talk.told(in: answer, for: place, by: name, Self.read)
    }

    /// Reads hours and days, in one answer or in two.
    static func read(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        for answer in answers {
            // Errors come with status 200.
            guard let error = answer["response"]?["error"] else { continue }
            let type = try error.string("type") ?? "unknown"
            let description = try error.string("description").map { ": \($0)" } ?? ""
            throw AnswerMistake(Talk.plain("the service reports \(type)\(description)"))
        }
        let hourly = answers.lazy.compactMap { $0["hourly_forecast"] }.first
        let daily = answers.lazy.compactMap { $0["forecast"]?["simpleforecast"]?["forecastday"] }.first
        guard hourly != nil || daily != nil else {
            throw AnswerMistake("the answer has neither 'hourly_forecast' nor 'forecast'")
        }
        var reading: Reading
        if let hourly {
            reading = Reading(hours: try hours(hourly))
        } else {
            let first = try daily?.elements.first?["date"]?["epoch"]?.integer()
            reading = Reading(hours: HourTableBuilder(emptyAt: first ?? 0).table)
        }
        for record in daily?.list ?? [] {
            reading.days.append(try day(record))
            reading.zone = try record["date"]?.string("tz_long") ?? reading.zone
        }
        for answer in answers { try readRest(answer, into: &reading) }
        return reading
    }

    private static func readRest(_ answer: JSONValue, into reading: inout Reading) throws(AnswerMistake) {
        if let observation = answer["current_observation"] {
            reading.zone = try observation.string("local_tz_long") ?? reading.zone
            reading.issued = try observation["observation_epoch"]?.integer().map(Moments.date)
            if let location = observation["display_location"],
                let latitude = try location["latitude"]?.numberOrText(),
                let longitude = try location["longitude"]?.numberOrText()
            {
                reading.coordinates = (latitude, longitude)
            }
        }
        for record in answer["alerts"]?.list ?? [] {
            guard let event = try record.string("description"),
                let start = try record["date_epoch"]?.integer(),
                let end = try record["expires_epoch"]?.integer(), end > start
            else { continue }
            reading.zone = try record.string("tz_long") ?? reading.zone
            reading.warnings.append(
                Warning(
                    id: "\(event) \(start)", severity: .unknown, start: Moments.date(start),
                    end: Moments.date(end),
                    text: Warning.Text(event: event, details: try record.string("message")),
                    issuer: "Weather Underground"))
        }
    }

    private static func hours(_ list: JSONValue) throws(AnswerMistake) -> HourTable {
        let records = list.list
        var times: [Int] = []
        for record in records {
            // The epoch, since the clock of the place shows an hour twice in autumn and names no zone.
            guard let time = try record.member("FCTTIME")["epoch"]?.integer() else {
                throw record.mistake("has no 'FCTTIME.epoch'")
            }
            times.append(time)
        }
        var builder = try HourTableBuilder(from: times)
        for (time, record) in zip(times, records) { try read(record.members, at: time, into: &builder) }
        return builder.table.completed()
    }

    /// Asks in the order in which the service writes.
    private static func read(
        _ record: JSONValue.Members, at time: Int, into builder: inout HourTableBuilder
    ) throws(AnswerMistake) {
        var record = record
        builder.set(.temperature, time, try metric(record["temp"]))
        builder.set(.dewPoint, time, try metric(record["dewpoint"]))
        builder.setSky(time, Sky(underground: try record["icon"]?.string() ?? ""))
        builder.set(.clouds, time, try record["sky"]?.numberOrText())
        builder.set(.wind, time, try metric(record["wspd"]).map { $0 / 3.6 })
        builder.set(.windDirection, time, try record["wdir"]?["degrees"]?.numberOrText())
        builder.set(.uvIndex, time, try record["uvi"]?.numberOrText())
        builder.set(.humidity, time, try record["humidity"]?.numberOrText())
        builder.set(.feelsLike, time, try metric(record["feelslike"]))
        builder.set(.precipitation, time, try metric(record["qpf"]))
        // Millimetres, although the days have centimetres.
        builder.set(.snow, time, try metric(record["snow"]))
        builder.set(.chance, time, try record["pop"]?.numberOrText())
    }

    private static func metric(_ value: JSONValue?) throws(AnswerMistake) -> Double? {
        try value?["metric"]?.numberOrText()
    }

    private static func day(_ record: JSONValue) throws(AnswerMistake) -> DayFigures {
        let date = try record.member("date")
        guard let year = try date["year"]?.integer(), let month = try date["month"]?.integer(),
            let day = try date["day"]?.integer(), let civil = CivilDate(year: year, month: month, day: day)
        else { throw date.mistake("should be a date") }
        var figures = DayFigures(date: civil)
        figures.low = Plausible.value(try record["low"]?["celsius"]?.numberOrText(), of: .temperature)
        figures.high = Plausible.value(try record["high"]?["celsius"]?.numberOrText(), of: .temperature)
        figures.humidity = Plausible.value(try record["avehumidity"]?.numberOrText(), of: .humidity)
        figures.rain = Plausible.value(try record["qpf_allday"]?["mm"]?.numberOrText(), of: .rain)
        figures.snow = Plausible.value(
            try record["snow_allday"]?["cm"]?.numberOrText().map { $0 * 10 }, of: .snow)
        figures.chance = Plausible.value(try record["pop"]?.numberOrText(), of: .chance)
        // No wind at all on a whole day means that it was not foretold.
        let wind = try record["maxwind"]?["kph"]?.numberOrText().map { $0 / 3.6 }
        figures.wind = wind == 0 ? nil : Plausible.value(wind, of: .wind)
        figures.words = try record.string("conditions")
        figures.sky = Sky(underground: try record.string("icon") ?? "")
        return figures
    }
}

extension Sky {
    /// From the names of Weather Underground's icons, by day and by night.
    init?(underground icon: String) {
        let icon = icon.hasPrefix("nt_") ? String(icon.dropFirst(3)) : icon
        switch icon {
        case "clear", "sunny": self = .clear
        case "mostlysunny", "partlycloudy": self = .fair
        case "partlysunny", "mostlycloudy": self = .partlyCloudy
        case "cloudy": self = .overcast
        case "fog", "hazy": self = .fog
        case "rain": self = .rain
        case "chancerain": self = .showers
        case "snow": self = .snow
        case "chancesnow", "flurries", "chanceflurries": self = .snowShowers
        case "sleet", "chancesleet": self = .sleet
        case "tstorms", "chancetstorms": self = .thunderstorm
        default: return nil
        }
    }
}
