import Almanac
import FoundationEssentials
import Synchronization
import Weather

/// The National Weather Service of the United States (weather.gov/documentation/services-web-api).
///
/// The grid has everything, amounts included; which cell of which grid a place is in, is asked once.
final class NationalWeatherService: ForecastSource {
    /// So many cells are remembered.
    private static let cellsMax = 10_000

    let name = SourceName.nationalWeatherService
    private let talk: Talk
    private let cells = Mutex<[PlaceID: Cell]>([:])

    struct Cell: Sendable {
        let url: String
        let zone: String?
    }

    init(talk: Talk) {
        self.talk = talk
    }

    func forecast(for place: Place, since mark: SourceMark?) async throws(SourceError) -> SourceAnswer {
        let cell = try await cell(of: place)
        let answer = try await talk.get(linked: cell.url)
        guard answer.status == 200 else {
            // Grids are redrawn now and then.
            cells.withLock { $0[place.id] = nil }
            throw talk.unexpected(answer)
        }
        var reading = try talk.read([answer.body], Self.read)
        reading.zone = cell.zone
        return SourceAnswer(
            forecast: reading.forecast(for: place, source: name), expires: answer.expires(now: talk.now()))
    }

    private func cell(of place: Place) async throws(SourceError) -> Cell {
        if let cell = cells.withLock({ $0[place.id] }) { return cell }
        let point = "\(Decimals.text(place.latitude, places: 4)),\(Decimals.text(place.longitude, places: 4))"
        let answer = try await talk.get("/points/\(point)")
        guard answer.status == 200 else { throw talk.unexpected(answer) }
        let cell = try talk.read([answer.body]) { answers throws(AnswerMistake) in
            let properties = try answers[0].member("properties")
            guard let url = try properties.string("forecastGridData") else {
                throw properties.mistake("has no 'forecastGridData'")
            }
            return Cell(url: url, zone: try properties.string("timeZone"))
        }
        cells.withLock { if $0.count < Self.cellsMax { $0[place.id] = cell } }
        return cell
    }

    /// Reads a point, a grid, an hourly forecast and one of half days, as far as they are given. Where the
    /// hourly forecast and the grid speak of the same, the first counts.
    static func read(_ answers: [JSONValue]) throws(AnswerMistake) -> Reading {
        var grid: JSONValue?
        var hourly: [JSONValue] = []
        var halfDays: [JSONValue] = []
        var zone: String?
        var issued: Int?
        for answer in answers {
            guard let properties = answer["properties"] else {
                throw AnswerMistake(
                    try answer.string("detail").map(Talk.plain) ?? "the answer has no 'properties'")
            }
            zone = try properties.string("timeZone") ?? zone
            issued = try properties.moment("updateTime") ?? issued
            if properties["temperature"]?["values"] != nil { grid = properties }
            let periods = properties["periods"]?.list ?? []
            if try isHourly(periods) { hourly = periods } else if !periods.isEmpty { halfDays = periods }
        }
        let times = try hourly.map(NWSHours.start) + NWSGrid.times(grid)
        var reading: Reading
        if let first = times.min(), let last = times.max() {
            var builder = try HourTableBuilder(from: first < last ? [first, last] : [first])
            if let grid { try NWSGrid.read(grid, into: &builder) }
            for period in hourly { try NWSHours.read(period, into: &builder) }
            reading = Reading(hours: builder.table.completed())
        } else if let first = halfDays.first {
            reading = Reading(hours: HourTableBuilder(emptyAt: try NWSHours.start(first)).table)
        } else {
            throw AnswerMistake("the answer has neither a grid nor periods")
        }
        for answer in answers where reading.coordinates == nil { reading.coordinates = try point(answer) }
        reading.days = try NWSHours.days(halfDays)
        reading.zone = zone
        reading.issued = issued.map(Moments.date)
        return reading
    }

    /// The point the answer is for, or a corner of its cell, which is some kilometres wide.
    private static func point(_ answer: JSONValue) throws(AnswerMistake) -> (
        latitude: Double, longitude: Double
    )? {
        var value = answer["geometry"]?["coordinates"]
        while let inner = value?.elements.first, inner.kind == .array { value = inner }
        let numbers = value?.list ?? []
        guard numbers.count >= 2, let longitude = try numbers[0].number(),
            let latitude = try numbers[1].number()
        else { return nil }
        return (latitude, longitude)
    }

    private static func isHourly(_ periods: [JSONValue]) throws(AnswerMistake) -> Bool {
        guard let first = periods.first, let end = try first.moment("endTime") else { return false }
        return end - (try NWSHours.start(first)) <= 3600
    }
}

/// The periods of forecasts made for people.
private enum NWSHours {
    static func start(_ period: JSONValue) throws(AnswerMistake) -> Int {
        guard let start = try period.moment("startTime") else { throw period.mistake("has no 'startTime'") }
        return start
    }

    static func read(_ period: JSONValue, into builder: inout HourTableBuilder) throws(AnswerMistake) {
        let time = try start(period)
        func set(_ quantity: Quantity, _ value: Double?) {
            if let value { builder.set(quantity, time, value) }
        }
        set(.temperature, try temperature(period))
        set(.dewPoint, try NWSUnits.value(period["dewpoint"], .dewPoint))
        set(.humidity, try NWSUnits.value(period["relativeHumidity"], .humidity))
        set(.chance, try NWSUnits.value(period["probabilityOfPrecipitation"], .chance))
        set(.wind, try wind(period["windSpeed"]))
        if let sky = Sky(words: try period.string("shortForecast") ?? "") { builder.setSky(time, sky) }
    }

    private static func temperature(_ period: JSONValue) throws(AnswerMistake) -> Double? {
        guard let value = period["temperature"] else { return nil }
        guard value.kind == .number else { return try NWSUnits.value(value, .temperature) }
        let isFahrenheit = try period.string("temperatureUnit") == "F"
        return try value.number().map { isFahrenheit ? ($0 - 32) * 5 / 9 : $0 }
    }

    /// `4 km/h`, `5 to 10 mph`: the higher one. Or a value with a unit.
    private static func wind(_ value: JSONValue?) throws(AnswerMistake) -> Double? {
        guard let value, !value.isNull else { return nil }
        guard value.kind == .string, let text = try value.string() else {
            return try NWSUnits.value(value, .wind)
        }
        guard let speed = text.split(separator: " ").compactMap({ Double($0) }).max() else { return nil }
        return text.hasSuffix("mph") ? speed * 0.44704 : speed / 3.6
    }

    /// Days from their halves: the high of the day, the low of the night that begins in it.
    static func days(_ halves: [JSONValue]) throws(AnswerMistake) -> [DayFigures] {
        var days: [DayFigures] = []
        for half in halves {
            guard let start = try half.string("startTime"), let date = CivilDate(start.prefix(10)) else {
                continue
            }
            if days.last?.date != date { days.append(DayFigures(date: date)) }
            let last = days.count - 1
            let isDaytime = half["isDaytime"]?.kind == .yes
            let temperature = Plausible.value(try temperature(half), of: .temperature)
            if isDaytime { days[last].high = temperature } else { days[last].low = temperature }
            let chance = try NWSUnits.value(half["probabilityOfPrecipitation"], .chance)
            days[last].chance = [days[last].chance, chance].compactMap(\.self).max()
            days[last].wind = [days[last].wind, try wind(half["windSpeed"])].compactMap(\.self).max()
            let words = try half.string("shortForecast")
            if isDaytime || days[last].words == nil {
                days[last].words = words
                days[last].sky = words.flatMap(Sky.init(words:))
            }
        }
        return days
    }
}

/// The raw numbers: for each layer stretches of time with one value.
private enum NWSGrid {
    /// Quantities, their layers, and whether a stretch holds a sum of all of it.
    private static let layers: [(StaticString, Quantity)] = [
        ("temperature", .temperature), ("dewpoint", .dewPoint), ("apparentTemperature", .feelsLike),
        ("relativeHumidity", .humidity), ("windSpeed", .wind), ("windGust", .gust),
        ("windDirection", .windDirection),
        ("skyCover", .clouds), ("probabilityOfPrecipitation", .chance),
        ("quantitativePrecipitation", .precipitation), ("snowfallAmount", .snow),
    ]

    /// The first and the last hour of the temperatures.
    static func times(_ grid: JSONValue?) throws(AnswerMistake) -> [Int] {
        guard let values = grid?["temperature"]?["values"]?.list, let first = values.first,
            let last = values.last
        else { return [] }
        let (from, _) = try stretch(first)
        let (start, hours) = try stretch(last)
        return [from, start + (hours - 1) * 3600]
    }

    static func read(_ grid: JSONValue, into builder: inout HourTableBuilder) throws(AnswerMistake) {
        for (name, quantity) in layers {
            guard let layer = grid[name] else { continue }
            let convert = NWSUnits.converter(try layer.string("uom"), quantity)
            for entry in layer["values"]?.list ?? [] {
                let (start, hours) = try stretch(entry)
                let value = try entry.number("value").map(convert)
                builder.fill(quantity, from: start, hours: hours, value)
                if quantity == .precipitation { builder.setBlock(start, hours: hours) }
            }
        }
        for entry in grid["weather"]?["values"]?.list ?? [] {
            let (start, hours) = try stretch(entry)
            let words = try entry["value"]?.elements.first?.string("weather")
            if let words, let sky = Sky(words: words.split(separator: "_").joined(separator: " ")) {
                builder.setSky(start, sky, hours: hours)
            }
        }
        // Where no word was given, the clouds say what the sky looks like.
        builder.modify { $0.fillSkyFromClouds() }
    }

    /// `2019-07-04T18:00:00+00:00/PT3H`.
    private static func stretch(_ entry: JSONValue) throws(AnswerMistake) -> (start: Int, hours: Int) {
        let text = try entry.string("validTime") ?? ""
        let parts = text.split(separator: "/")
        guard parts.count == 2, let start = Moments.seconds(String(parts[0])),
            let hours = Moments.hours(ofDuration: parts[1]), (1...400).contains(hours)
        else { throw entry.mistake("has no readable 'validTime'") }
        return (start, hours)
    }
}

private enum NWSUnits {
    /// A value beside its `unitCode`.
    static func value(_ value: JSONValue?, _ quantity: Quantity) throws(AnswerMistake) -> Double? {
        guard let value, !value.isNull else { return nil }
        return try value.number("value").map(converter(try value.string("unitCode"), quantity))
    }

    static func converter(_ unit: String?, _ quantity: Quantity) -> (Double) -> Double {
        switch unit?.split(separator: ":").last {
        case "degF": { ($0 - 32) * 5 / 9 }
        case "km_h-1": { $0 / 3.6 }
        case "mi_h-1", "mph": { $0 * 0.44704 }
        case "kt": { $0 * 1852 / 3600 }
        case "in": { $0 * 25.4 }
        case "m" where quantity.isSum: { $0 * 1000 }
        default: { $0 }
        }
    }
}

extension HourTable {
    fileprivate mutating func fillSkyFromClouds() {
        for index in 0..<count where sky[index] == nil {
            sky[index] = self[.clouds, index].map(Sky.init(clouds:))
        }
    }
}

extension Sky {
    /// From short English texts, the most noticeable word first.
    init?(words: String) {
        let text = words.lowercased()
        let known: [(String, Sky)] = [
            ("thunder", .thunderstorm), ("t-storm", .thunderstorm), ("tstorm", .thunderstorm),
            ("freezing rain", .freezingRain), ("freezing drizzle", .freezingRain), ("ice pellets", .sleet),
            ("sleet", .sleet), ("wintry", .sleet), ("hail", .hail), ("heavy snow", .heavySnow),
            ("blizzard", .heavySnow), ("snow shower", .snowShowers), ("flurries", .snowShowers),
            ("snow", .snow),
            ("heavy rain", .heavyRain), ("drizzle", .drizzle), ("shower", .showers), ("rain", .rain),
            ("fog", .fog), ("haze", .fog), ("mist", .fog), ("dust", .dust), ("smoke", .dust), ("sand", .dust),
            ("mostly cloudy", .cloudy), ("overcast", .overcast), ("partly", .partlyCloudy),
            ("mostly sunny", .fair), ("mostly clear", .fair), ("fair", .fair),
            ("scattered clouds", .partlyCloudy),
            ("cloud", .overcast), ("sunny", .clear), ("clear", .clear), ("wind", .windy), ("breez", .windy),
        ]
        guard let match = known.first(where: { text.contains($0.0) }) else { return nil }
        self = match.1
    }
}
