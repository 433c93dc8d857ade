import Almanac
import FoundationEssentials
import ServerKit
import Synchronization
import Weather

/// The Weather Company's v3 forecasts, with the stations of its v2 (the successor of Weather Underground).
///
/// Keys that owners of stations get are good for five days and no hours; what a key is not good for is asked
/// once.
final class WeatherCompany: ForecastSource {
    let name = SourceName.weatherCompany
    private let talk: Talk
    private let settings: SourceSettings
    private let refused = Mutex<Set<String>>([])

    init(talk: Talk, settings: SourceSettings) {
        self.talk = talk
        self.settings = settings
    }

    private var key: (String, String) { ("apiKey", settings.key?.revealed ?? "") }

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        let hourly = try await ask(["hourly/15day", "hourly/2day"], place)
        let daily = try await ask(["daily/15day", "daily/5day"], place)
        let answers = [hourly, daily].compactMap(\.self)
        guard let last = answers.last else {
            throw SourceError(.refused, "\(talk.service) refuses every forecast with this key")
        }
        let reading = try talk.read(answers.map(\.body), Self.read)
        return SourceAnswer(
            forecast: reading.forecast(for: place, source: name), expires: last.expires(now: talk.now()))
    }

    /// The first of the products that the key is good for; nil when it is good for none.
    private func ask(_ products: [String], _ place: Place) async throws(SourceError) -> Talk.Answer? {
        let point = "\(Decimals.text(place.latitude, places: 4)),\(Decimals.text(place.longitude, places: 4))"
        for product in products where !refused.withLock({ $0.contains(product) }) {
            let answer = try await talk.get(
                "/v3/wx/forecast/\(product)",
                [("geocode", point), ("language", "en-US"), ("units", "m"), ("format", "json"), key])
            switch answer.status {
            case 200: return answer
            case 401, 403: _ = refused.withLock { $0.insert(product) }
            default: throw talk.unexpected(answer)
            }
        }
        return nil
    }

    /// Where a personal weather station stands.
    func station(_ id: String) async throws(SourceError) -> FoundPlace {
        let answer = try await talk.get(
            "/v2/pws/observations/current", [("stationId", id), ("format", "json"), ("units", "m"), key])
        guard answer.status != 204 else {
            throw SourceError(.unknownPlace, "the station \(id) is silent")
        }
        guard answer.status == 200 else { throw talk.unexpected(answer) }
        return try talk.read([answer.body]) { answers throws(AnswerMistake) in
            try Self.station(answers[0], id)
        }
    }

    static func station(_ root: JSONValue, _ id: String) throws(AnswerMistake) -> FoundPlace {
        guard let record = root["observations"]?.elements.first, let latitude = try record.number("lat"),
            let longitude = try record.number("lon")
        else { throw AnswerMistake("the answer has no station") }
        let neighborhood = try record.string("neighborhood") ?? id
        let country = try record.string("country")
        return FoundPlace(
            name: neighborhood, region: [neighborhood, country].compactMap(\.self).joined(separator: ", "),
            latitude: latitude, longitude: longitude, timeZone: nil)
    }

    static func read(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        let hourly = answers.first { $0["temperature"] != nil && $0["validTimeUtc"] != nil }
        let daily = answers.first { $0["temperatureMax"] != nil || $0["calendarDayTemperatureMax"] != nil }
        guard hourly != nil || daily != nil else {
            throw AnswerMistake("the answer has neither 'temperature' nor 'temperatureMax'")
        }
        var reading: Reading
        if let hourly {
            reading = Reading(hours: try TWCHours.table(hourly))
        } else {
            let first = try daily?["validTimeUtc"]?.elements.first?.moment()
            reading = Reading(hours: HourTableBuilder(emptyAt: first ?? 0).table)
        }
        if let daily { reading.days = try TWCDays(daily).days() }
        return reading
    }
}

private enum TWCHours {
    private static let same: @Sendable (Double) -> Double = { $0 }
    private static let speed: @Sendable (Double) -> Double = { $0 / 3.6 }

    private static let columns: [(StaticString, Quantity, @Sendable (Double) -> Double)] = [
        ("temperature", .temperature, same), ("temperatureDewPoint", .dewPoint, same),
        ("temperatureFeelsLike", .feelsLike, same), ("relativeHumidity", .humidity, same),
        ("windSpeed", .wind, speed), ("windGust", .gust, speed), ("windDirection", .windDirection, same),
        ("uvIndex", .uvIndex, same), ("qpf", .precipitation, same), ("qpfSnow", .snow, { $0 * 10 }),
        ("precipChance", .chance, same), ("cloudCover", .clouds, same),
    ]

    static func table(_ root: JSONValue) throws(AnswerMistake) -> HourTable {
        var times: [Int] = []
        for element in try root.member("validTimeUtc").elements {
            guard let time = try element.moment() else { throw element.mistake("should be a time") }
            times.append(time)
        }
        var builder = try HourTableBuilder(from: times)
        for (name, quantity, convert) in columns {
            guard let column = root[name] else { continue }
            for (time, element) in zip(times, column.elements) {
                builder.set(quantity, time, try element.number().map(convert))
            }
        }
        if let words = root["wxPhraseLong"] {
            for (time, element) in zip(times, words.elements) {
                builder.setSky(time, try element.string().flatMap(Sky.init(words:)))
            }
        }
        return builder.table.completed()
    }
}

/// Days in columns, and two halves of each day in other columns.
private struct TWCDays {
    let root: JSONValue
    let halves: JSONValue?
    let count: Int

    init(_ root: JSONValue) throws(AnswerMistake) {
        self.root = root
        self.halves = root["daypart"]?.elements.first
        self.count = try root.member("validTimeLocal").list.count
    }

    private func column(_ name: StaticString) throws(AnswerMistake) -> [Double?] {
        try numbers(root[name], count)
    }

    private func numbers(_ column: JSONValue?, _ count: Int) throws(AnswerMistake) -> [Double?] {
        var numbers: [Double?] = []
        for element in column?.list ?? [] { numbers.append(try element.number()) }
        return (0..<count).map { $0 < numbers.count ? numbers[$0] : nil }
    }

    func days() throws(AnswerMistake) -> [DayFigures] {
        let lows = try column("calendarDayTemperatureMin")
        let highs = try column("calendarDayTemperatureMax")
        let otherLows = try column("temperatureMin")
        let otherHighs = try column("temperatureMax")
        let water = try column("qpf")
        let snow = try column("qpfSnow")
        let sunrise = root["sunriseTimeUtc"]?.list ?? []
        let sunset = root["sunsetTimeUtc"]?.list ?? []
        let humidity = try numbers(halves?["relativeHumidity"], count * 2)
        let winds = try numbers(halves?["windSpeed"], count * 2)
        let uv = try numbers(halves?["uvIndex"], count * 2)
        let chances = try numbers(halves?["precipChance"], count * 2)
        let words = halves?["wxPhraseLong"]?.list ?? []
        var days: [DayFigures] = []
        for (index, element) in try root.member("validTimeLocal").elements.enumerated() {
            guard let text = try element.string(), let date = CivilDate(text.prefix(10)) else {
                throw element.mistake("should be a time")
            }
            let both = { (column: [Double?]) in [column[index * 2], column[index * 2 + 1]].compactMap(\.self)
            }
            var day = DayFigures(date: date)
            day.low = lows[index] ?? otherLows[index]
            day.high = highs[index] ?? otherHighs[index]
            day.snow = snow[index].map { $0 * 10 }
            day.rain = water[index].map { max(0, $0 - (snow[index] ?? 0)) }
            let damp = both(humidity)
            day.humidity = damp.isEmpty ? nil : damp.reduce(0, +) / Double(damp.count)
            day.wind = both(winds).max().map { $0 / 3.6 }
            day.uvIndex = both(uv).max()
            day.chance = both(chances).max()
            let phrases = [index * 2, index * 2 + 1].filter { $0 < words.count }
            for phrase in phrases where day.words == nil { day.words = try words[phrase].string() }
            day.sky = day.words.flatMap(Sky.init(words:))
            if index < sunrise.count { day.sunrise = try sunrise[index].moment().map(Moments.date) }
            if index < sunset.count { day.sunset = try sunset[index].moment().map(Moments.date) }
            days.append(day)
        }
        return days
    }
}
