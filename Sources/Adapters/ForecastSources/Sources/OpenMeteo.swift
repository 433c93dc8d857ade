import Almanac
import FoundationEssentials
import ServerKit
import Weather

/// Open-Meteo's forecast API (open-meteo.com/en/docs), also on servers of one's own.
struct OpenMeteo: ForecastSource {
    let name = SourceName.openMeteo
    let talk: Talk
    let settings: SourceSettings

    /// Days asked for: today and ten more.
    private static let days = 11
    private static let variables = [
        "temperature_2m", "dew_point_2m", "apparent_temperature", "relative_humidity_2m",
        "precipitation_probability",
        "precipitation", "rain", "showers", "snowfall", "weather_code", "wind_speed_10m", "wind_gusts_10m",
        "wind_direction_10m", "uv_index", "cloud_cover",
    ]

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        // Times as numbers are UTC; written out they would all have the offset of today, also after a change
        // of clocks.
        var query = [
            ("latitude", Decimals.text(place.latitude, places: 4)),
            ("longitude", Decimals.text(place.longitude, places: 4)),
            ("hourly", Self.variables.joined(separator: ",")), ("timeformat", "unixtime"),
            ("timezone", place.timeZone ?? "auto"), ("forecast_days", String(Self.days)),
        ]
        if let key = settings.key { query.append(("apikey", key.revealed)) }
        let answer = try await talk.get("/v1/forecast", query)
        return try talk.told(in: answer, for: place, by: name, Self.read)
    }

    static func read(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        guard var root = answers.first else { throw AnswerMistake("there is no answer") }
        // Asked for several places it answers with a list; of one place with itself.
        if root.kind == .array, let first = root.elements.first { root = first }
        if let reason = try root.string("reason"), root["hourly"] == nil {
            throw AnswerMistake(Talk.plain(reason))
        }
        let offset = try root.offset("utc_offset_seconds") ?? 0
        let zone = try root.string("timezone")
        var reading: Reading
        if let hourly = root["hourly"] {
            reading = Reading(
                hours: try OpenMeteoHours(hourly, units: root["hourly_units"], offset: offset).table())
        } else {
            let first = try root["daily"]?["time"]?.elements.first?.moment(offset: offset)
            guard let first else { throw AnswerMistake("the answer has neither 'hourly' nor 'daily'") }
            reading = Reading(hours: HourTableBuilder(emptyAt: first).table)
        }
        if let latitude = try root.number("latitude"), let longitude = try root.number("longitude") {
            reading.coordinates = (latitude, longitude)
        }
        // Days of UTC are no days of the place.
        if let zone, zone != "GMT", zone != "UTC" {
            reading.zone = zone
            if let daily = root["daily"] {
                reading.days = try OpenMeteoDays(daily, units: root["daily_units"], offset: offset).days()
            }
        }
        return reading
    }
}

/// The hours of an answer: a column of times, and one for each variable.
private struct OpenMeteoHours {
    let hourly: JSONValue
    let units: JSONValue?
    let times: [Int]

    init(_ hourly: JSONValue, units: JSONValue?, offset: Int) throws(AnswerMistake) {
        var times: [Int] = []
        for element in try hourly.member("time").elements {
            guard let time = try element.moment(offset: offset) else {
                throw element.mistake("should be a time")
            }
            times.append(time)
        }
        self.hourly = hourly
        self.units = units
        self.times = times
    }

    func table() throws(AnswerMistake) -> HourTable {
        var builder = try HourTableBuilder(from: times)
        for (names, quantity, standing) in Self.columns {
            guard let (column, unit) = try column(names) else { continue }
            try read(column, quantity, standing, OpenMeteoUnits.factor(unit, quantity), into: &builder)
        }
        try readRain(into: &builder)
        // The word is made from what fell, so it belongs to the same hour.
        if let (codes, _) = try column(["weather_code", "weathercode"]) {
            for (time, element) in zip(times, codes.elements) {
                builder.setSky(time, try element.number().flatMap(Sky.init(wmo:)), .preceding)
            }
        }
        // Snow of 7 cm is 10 mm of water, as the service reckons.
        return builder.table.completed(snowPerWater: 7)
    }

    /// The variables by their names of today and of before. Sums and means are those of the hour before.
    private static let columns: [([StaticString], Quantity, HourTableBuilder.Standing)] = [
        (["temperature_2m"], .temperature, .forward),
        (["dew_point_2m", "dewpoint_2m"], .dewPoint, .forward),
        (["apparent_temperature"], .feelsLike, .forward),
        (["relative_humidity_2m", "relativehumidity_2m"], .humidity, .forward),
        (["wind_speed_10m", "windspeed_10m"], .wind, .forward),
        (["wind_gusts_10m", "windgusts_10m"], .gust, .preceding),
        (["wind_direction_10m", "winddirection_10m"], .windDirection, .forward),
        (["precipitation"], .precipitation, .preceding),
        (["snowfall"], .snow, .preceding),
        (["precipitation_probability"], .chance, .preceding),
        (["uv_index"], .uvIndex, .preceding),
        (["cloud_cover", "cloudcover"], .clouds, .forward),
    ]

    private func column(_ names: [StaticString]) throws(AnswerMistake) -> (JSONValue, unit: String?)? {
        for name in names {
            guard let column = hourly[name] else { continue }
            guard column.kind == .array else { throw column.mistake("should be a list") }
            return (column, try units?.string(name))
        }
        return nil
    }

    private func read(
        _ column: JSONValue, _ quantity: Quantity, _ standing: HourTableBuilder.Standing,
        _ convert: (Double) -> Double, into builder: inout HourTableBuilder
    ) throws(AnswerMistake) {
        var position = 0
        for element in column.elements {
            guard position < times.count else { break }
            builder.set(quantity, times[position], try element.number().map(convert), standing)
            position += 1
        }
        guard position == times.count else {
            throw column.mistake("has another length than the list of times")
        }
    }

    /// Rain from large clouds and from showers are two columns; what falls is both.
    private func readRain(into builder: inout HourTableBuilder) throws(AnswerMistake) {
        guard let (rain, unit) = try column(["rain"]) else { return }
        let convert = OpenMeteoUnits.factor(unit, .rain)
        let showers = try column(["showers"])?.0
        var others = showers?.elements
        var position = 0
        for element in rain.elements {
            guard position < times.count else { break }
            let more = try others?.next()?.number() ?? 0
            builder.set(.rain, times[position], try element.number().map { convert($0 + more) }, .preceding)
            position += 1
        }
    }
}

private struct OpenMeteoDays {
    let daily: JSONValue
    let units: JSONValue?
    let offset: Int
    let dates: [CivilDate]

    init(_ daily: JSONValue, units: JSONValue?, offset: Int) throws(AnswerMistake) {
        var dates: [CivilDate] = []
        for element in try daily.member("time").elements {
            guard let time = try element.moment(offset: offset) else {
                throw element.mistake("should be a date")
            }
            // Noon is in the right day also when the clocks change in between.
            dates.append(CivilDate(number: (time + offset + 43_200) / 86_400))
        }
        self.daily = daily
        self.units = units
        self.offset = offset
        self.dates = dates
    }

    func days() throws(AnswerMistake) -> [DayFigures] {
        var days = dates.map(DayFigures.init)
        try fill(&days, "temperature_2m_min", .temperature, \.low)
        try fill(&days, "temperature_2m_max", .temperature, \.high)
        try fill(&days, "relative_humidity_2m_mean", .humidity, \.humidity)
        try fill(&days, "snowfall_sum", .snow, \.snow)
        try fill(&days, "precipitation_probability_max", .chance, \.chance)
        try fill(&days, "uv_index_max", .uvIndex, \.uvIndex)
        for name: StaticString in ["windspeed_10m_max", "wind_speed_10m_max"] {
            try fill(&days, name, .wind, \.wind)
        }
        for name: StaticString in ["windgusts_10m_max", "wind_gusts_10m_max"] {
            try fill(&days, name, .gust, \.gust)
        }
        try fillRain(&days)
        try fillMoments(&days, "sunrise", \.sunrise)
        try fillMoments(&days, "sunset", \.sunset)
        for name: StaticString in ["weathercode", "weather_code"] {
            guard let column = daily[name] else { continue }
            for (index, element) in zip(days.indices, column.elements) {
                days[index].sky = try element.number().flatMap(Sky.init(wmo:))
            }
        }
        return days
    }

    private func fill(
        _ days: inout [DayFigures], _ name: StaticString, _ quantity: Quantity,
        _ target: WritableKeyPath<DayFigures, Double?>
    ) throws(AnswerMistake) {
        guard let column = daily[name] else { return }
        let convert = OpenMeteoUnits.factor(try units?.string(name), quantity)
        for (index, element) in zip(days.indices, column.elements) {
            days[index][keyPath: target] = Plausible.value(try element.number().map(convert), of: quantity)
        }
    }

    /// Rain and showers; where they are not asked for, all water less that of the snow.
    private func fillRain(_ days: inout [DayFigures]) throws(AnswerMistake) {
        if daily["rain_sum"] != nil {
            try fill(&days, "rain_sum", .rain, \.rain)
            var showers = days
            try fill(&showers, "showers_sum", .rain, \.rain)
            guard daily["showers_sum"] != nil else { return }
            for index in days.indices {
                guard let rain = days[index].rain, let more = showers[index].rain else { continue }
                days[index].rain = rain + more
            }
        } else {
            try fill(&days, "precipitation_sum", .rain, \.rain)
            for index in days.indices {
                guard let water = days[index].rain, let snow = days[index].snow, snow > 0 else { continue }
                days[index].rain = water - snow / 7 < 0.05 ? 0 : water - snow / 7
            }
        }
    }

    private func fillMoments(
        _ days: inout [DayFigures], _ name: StaticString, _ target: WritableKeyPath<DayFigures, Date?>
    ) throws(AnswerMistake) {
        guard let column = daily[name] else { return }
        for (index, element) in zip(days.indices, column.elements) {
            days[index][keyPath: target] = try element.moment(offset: offset).map(Moments.date)
        }
    }
}

private enum OpenMeteoUnits {
    /// From the unit an answer names, or the one it has when it names none.
    static func factor(_ unit: String?, _ quantity: Quantity) -> (Double) -> Double {
        switch quantity {
        case .temperature, .dewPoint, .feelsLike: unit == "°F" ? { ($0 - 32) * 5 / 9 } : { $0 }
        case .wind, .gust:
            switch unit {
            case "m/s": { $0 }
            case "mp/h", "mph": { $0 * 0.44704 }
            case "kn": { $0 * 1852 / 3600 }
            default: { $0 / 3.6 }
            }
        case .precipitation, .rain: unit == "inch" ? { $0 * 25.4 } : { $0 }
        case .snow: unit == "inch" ? { $0 * 25.4 } : unit == "mm" ? { $0 } : { $0 * 10 }
        case .humidity, .windDirection, .chance, .uvIndex, .clouds: { $0 }
        }
    }
}

extension Sky {
    /// From the codes of WMO table 4677, as far as models use them.
    init?(wmo code: Double) {
        switch Int(exactly: code) {
        case 0: self = .clear
        case 1: self = .fair
        case 2: self = .partlyCloudy
        case 3: self = .overcast
        case 45, 48: self = .fog
        case 51, 53, 55: self = .drizzle
        case 56, 57, 66, 67: self = .freezingRain
        case 61, 63: self = .rain
        case 65: self = .heavyRain
        case 71, 73, 77: self = .snow
        case 75: self = .heavySnow
        case 80, 81: self = .showers
        case 82: self = .heavyRain
        case 85, 86: self = .snowShowers
        case 95, 96, 99: self = .thunderstorm
        default: return nil
        }
    }
}
