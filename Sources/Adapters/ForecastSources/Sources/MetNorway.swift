import Almanac
import FoundationEssentials
import NIOHTTP1
import Weather

/// MET Norway's Locationforecast 2.0 (api.met.no/weatherapi/locationforecast/2.0/documentation).
///
/// Its terms: say who you are, four decimals at most, do not ask before `Expires`, and send `Last-Modified`
/// back.
struct MetNorway: ForecastSource {
    let name = SourceName.metNorway
    let talk: Talk

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        let query = [
            ("lat", Decimals.text(place.latitude, places: 4)),
            ("lon", Decimals.text(place.longitude, places: 4)),
        ]
        let headers = mark.map { [("If-Modified-Since", $0.text)] } ?? []
        let answer = try await talk.get("/locationforecast/2.0/complete", query, headers: headers)
        let expires = answer.expires(now: talk.now())
        if answer.status == 304 { return SourceAnswer(forecast: nil, mark: mark, expires: expires) }
        // 203 is an answer of a version that will go away.
        guard answer.status == 200 || answer.status == 203 else { throw talk.unexpected(answer) }
        let reading = try talk.read([answer.body], Self.read)
        return SourceAnswer(
            forecast: reading.forecast(for: place, source: name),
            mark: answer.headers.first(name: "Last-Modified").map { SourceMark($0) }, expires: expires)
    }

    static func read(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        guard let root = answers.first else { throw AnswerMistake("there is no answer") }
        let properties = try root.member("properties")
        let steps = try properties.member("timeseries").list
        var times: [Int] = []
        for step in steps {
            guard let time = try step.moment("time") else { throw step.mistake("has no 'time'") }
            times.append(time)
        }
        let lengths = zip(times, times.dropFirst()).map { ($1 - $0) / 3600 }
        // The last step is a mere instant; one hour of it is kept.
        var builder = try HourTableBuilder(from: times)
        for (index, step) in steps.enumerated() {
            let hours = index < lengths.count ? lengths[index] : 1
            try read(step, at: times[index], hours: max(1, hours), into: &builder)
        }
        var reading = Reading(hours: builder.table.completed())
        reading.issued = try properties["meta"]?.moment("updated_at").map(Moments.date)
        let coordinates = Array(root["geometry"]?["coordinates"]?.list ?? [])
        if coordinates.count >= 2, let longitude = try coordinates[0].number(),
            let latitude = try coordinates[1].number()
        {
            reading.coordinates = (latitude, longitude)
        }
        return reading
    }

    /// One step: its instants hold until the next step, its amounts are those of the time up to it.
    private static func read(
        _ step: JSONValue, at time: Int, hours: Int, into builder: inout HourTableBuilder
    ) throws(AnswerMistake) {
        let data = try step.member("data")
        if let instant = data["instant"]?["details"] {
            for (name, quantity) in instants {
                builder.fill(quantity, from: time, hours: hours, try instant.number(name))
            }
        }
        guard let (next, nextHours) = period(data, hours: hours) else { return }
        builder.setBlock(time, hours: min(hours, nextHours))
        if let details = next["details"] {
            // Of a longer period only the part up to the next step counts here.
            let amount = try details.number("precipitation_amount")
            let part = min(hours, nextHours)
            builder.fill(
                .precipitation, from: time, hours: part, amount.map { $0 * Double(part) / Double(nextHours) })
            builder.fill(.chance, from: time, hours: part, try details.number("probability_of_precipitation"))
        }
        if let symbol = try next["summary"]?.string("symbol_code") {
            builder.setSky(time, Sky(symbol: symbol), hours: hours)
        }
    }

    private static let instants: [(StaticString, Quantity)] = [
        ("air_temperature", .temperature), ("dew_point_temperature", .dewPoint),
        ("relative_humidity", .humidity),
        ("wind_speed", .wind), ("wind_speed_of_gust", .gust), ("wind_from_direction", .windDirection),
        ("ultraviolet_index_clear_sky", .uvIndex), ("cloud_area_fraction", .clouds),
    ]

    /// The period that fits the step best: the hour where steps are hours, else six or twelve.
    private static func period(_ data: JSONValue, hours: Int) -> (JSONValue, Int)? {
        if hours == 1, let next = data["next_1_hours"] { return (next, 1) }
        if let next = data["next_6_hours"], hours > 1 { return (next, 6) }
        if let next = data["next_1_hours"] { return (next, 1) }
        if let next = data["next_12_hours"], hours > 1 { return (next, 12) }
        return nil
    }
}

extension Sky {
    /// From MET Norway's symbols: `heavyrainshowersandthunder_day`.
    init?(symbol: String) {
        let word = symbol.split(separator: "_").first ?? ""
        if word.hasSuffix("thunder") {
            self = .thunderstorm
            return
        }
        switch word {
        case "clearsky": self = .clear
        case "fair": self = .fair
        case "partlycloudy": self = .partlyCloudy
        case "cloudy": self = .overcast
        case "fog": self = .fog
        case "lightrain", "rain": self = .rain
        case "heavyrain", "heavyrainshowers": self = .heavyRain
        case "lightrainshowers", "rainshowers": self = .showers
        case _ where word.contains("sleet"): self = .sleet
        case "heavysnow": self = .heavySnow
        case "lightsnow", "snow": self = .snow
        case _ where word.contains("snowshowers"): self = .snowShowers
        default: return nil
        }
    }
}
