import Almanac
import FoundationEssentials
import Weather

/// Bright Sky: the data of Deutscher Wetterdienst as JSON (brightsky.dev/docs).
struct BrightSky: ForecastSource {
    let name = SourceName.brightSky
    let talk: Talk

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        let today = LocalClock.utc.date(at: talk.now())
        let query = [
            ("lat", Decimals.text(place.latitude, places: 4)),
            ("lon", Decimals.text(place.longitude, places: 4)),
            ("date", today.adding(days: -1).description), ("last_date", today.adding(days: 11).description),
            ("tz", "Etc/UTC"), ("units", "dwd"),
        ]
        let answer = try await talk.get("/weather", query)
        return try talk.told(in: answer, for: place, by: name, Self.read)
    }

    static func read(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        guard let root = answers.first else { throw AnswerMistake("there is no answer") }
        if let detail = try? root.string("detail") { throw AnswerMistake(Talk.plain(detail)) }
        let list = try root.member("weather")
        guard list.kind == .array else { throw list.mistake("should be a list of hours") }
        let records = list.list
        var times: [Int] = []
        for record in records {
            guard let time = try record.moment("timestamp") else {
                throw record.mistake("has no 'timestamp'")
            }
            times.append(time)
        }
        var builder = try HourTableBuilder(from: times)
        for (time, record) in zip(times, records) { try read(record, at: time, into: &builder) }
        var reading = Reading(hours: builder.table.completed())
        if let station = root["sources"]?.elements.first, let latitude = try station.number("lat"),
            let longitude = try station.number("lon")
        {
            reading.coordinates = (latitude, longitude)
        }
        return reading
    }

    /// Wind, gusts, amounts and the word for the weather are those of the hour that ends with the timestamp.
    private static func read(
        _ record: JSONValue, at time: Int, into builder: inout HourTableBuilder
    ) throws(AnswerMistake) {
        builder.set(.temperature, time, try record.number("temperature"))
        builder.set(.dewPoint, time, try record.number("dew_point"))
        builder.set(.humidity, time, try record.number("relative_humidity"))
        builder.set(.clouds, time, try record.number("cloud_cover"))
        builder.set(.windDirection, time, try record.number("wind_direction"), .preceding)
        builder.set(.wind, time, try record.number("wind_speed").map { $0 / 3.6 }, .preceding)
        builder.set(.gust, time, try record.number("wind_gust_speed").map { $0 / 3.6 }, .preceding)
        builder.set(.precipitation, time, try record.number("precipitation"), .preceding)
        builder.set(.chance, time, try record.number("precipitation_probability"), .preceding)
        let sky = Sky(condition: try record.string("condition"), clouds: try record.number("cloud_cover"))
        builder.setSky(time, sky, .preceding)
    }
}

extension Sky {
    init?(condition: String?, clouds: Double?) {
        switch condition {
        case "fog": self = .fog
        case "rain": self = .rain
        case "sleet": self = .sleet
        case "snow": self = .snow
        case "hail": self = .hail
        case "thunderstorm": self = .thunderstorm
        default:
            guard let clouds else { return nil }
            self.init(clouds: clouds)
        }
    }

    /// From the part of the sky that is covered, %.
    init(clouds: Double) {
        switch clouds {
        case ..<12.5: self = .clear
        case ..<37.5: self = .fair
        case ..<62.5: self = .partlyCloudy
        case ..<87.5: self = .cloudy
        default: self = .overcast
        }
    }
}
