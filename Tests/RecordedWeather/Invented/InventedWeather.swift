package import Foundation
package import Weather

/// Eleven days in which everything happens that a rule asks about, told by every service in its own way.
///
/// What each service says is written here from the hours below, in its own units and with its own idea of when
/// a number holds. So a reader of answers can be held against the hours themselves.
package struct InventedWeather: Sendable, CustomStringConvertible {
    /// One hour: instants are those at its beginning, sums are those of all of it.
    package struct Hour: Sendable {
        /// Seconds since 1970 at its beginning.
        package let time: Int
        /// °C.
        package let temperature, dewPoint, feelsLike: Double
        /// %.
        package let humidity, chance, clouds: Double
        /// km/h, and degrees.
        package let wind, gust, direction: Double
        /// mm, and cm as it lies.
        package let rain, snow: Double
        package let uvIndex: Double
    }

    package let zone: TimeZone
    package let hours: [Hour]
    package var description: String { "from \(Self.utc(hours[0].time))" }
    package let latitude = 52.52
    package let longitude = 13.41

    /// The week in which the clocks of Berlin go forward, and the one in which they go back.
    package static let spring = InventedWeather(midnight: 1_774_652_400)
    package static let autumn = InventedWeather(midnight: 1_792_792_800)

    /// - Parameter midnight: of the first day, in Berlin.
    private init(midnight: Int) {
        let zone = TimeZone(identifier: "Europe/Berlin") ?? .gmt
        var dice = Dice(state: UInt64(midnight))
        let offset = { (time: Int) in zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time))) }
        self.zone = zone
        self.hours = (0..<264).map { index in
            let time = midnight + index * 3600
            let local = time + offset(time)
            let day = (local - midnight - offset(midnight)) / 86_400
            return Self.hour(time, day: min(day, Self.days.count - 1), hour: local % 86_400 / 3600, &dice)
        }
    }

    /// What a day is like.
    private struct Day {
        let warmth: Double
        var rain: ClosedRange<Int>?
        var snow: ClosedRange<Int>?
        var wind: ClosedRange<Int>?
        var damp: ClosedRange<Int>?
    }

    private static let days = [
        Day(warmth: 12, rain: 14...17), Day(warmth: 24, damp: 2...4), Day(warmth: 30.5),
        Day(warmth: 18, rain: 5...9, wind: 10...18), Day(warmth: 9, rain: 0...3), Day(warmth: 4, wind: 2...4),
        Day(warmth: -2, snow: 3...11), Day(warmth: -8, snow: 18...20), Day(warmth: -12),
        Day(warmth: 3, rain: 6...20, damp: 6...20), Day(warmth: 10),
    ]

    private static func hour(_ time: Int, day number: Int, hour: Int, _ dice: inout Dice) -> Hour {
        let day = days[number]
        let isWet = day.rain?.contains(hour) == true
        let isSnowy = day.snow?.contains(hour) == true
        let isDamp = day.damp?.contains(hour) == true
        let sun = sin(.pi * Double(hour - 6) / 12)
        let clouds = isWet || isSnowy ? 100 : (40 * dice.roll()).rounded()
        let temperature = tenths(day.warmth + 3 * sun + dice.roll())
        let dewPoint = tenths(temperature - (isDamp ? 1 : isWet || isSnowy ? 2.5 : 7) - dice.roll())
        let wind = tenths((day.wind?.contains(hour) == true ? 30 : 5) + 8 * dice.roll())
        let pressure = { (celsius: Double) in exp(17.625 * celsius / (243.04 + celsius)) }
        return Hour(
            time: time, temperature: temperature, dewPoint: dewPoint, feelsLike: tenths(temperature - 2),
            humidity: (100 * pressure(dewPoint) / pressure(temperature)).rounded(),
            chance: isWet || isSnowy ? 60 + (40 * dice.roll()).rounded() : (20 * dice.roll()).rounded(),
            clouds: clouds, wind: wind, gust: tenths(wind * 1.6), direction: (359 * dice.roll()).rounded(),
            rain: isWet ? tenths(0.2 + 3 * dice.roll()) : 0, snow: isSnowy ? tenths(0.2 + dice.roll()) : 0,
            uvIndex: max(0, tenths((7 - clouds / 50) * sun)))
    }

    static func tenths(_ value: Double) -> Double { (value * 10).rounded() / 10 }

    /// Numbers from 0 to 1 that are the same in every run.
    private struct Dice {
        var state: UInt64

        mutating func roll() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 24)
        }
    }
}

extension InventedWeather {
    /// What a service says, in one file or more.
    package func answers(of source: SourceName) -> [String] {
        switch source {
        case .openMeteo: openMeteo
        case .metNorway: metNorway
        case .brightSky: brightSky
        case .openWeatherMap: openWeatherMap
        case .nationalWeatherService: nationalWeatherService
        case .pirateWeather: pirateWeather
        case .weatherCompany: weatherCompany
        case .weatherUnderground: weatherUnderground
        }
    }

    /// Hours by the days of the place, with each day's date; of the last one perhaps an hour less than it has.
    var daysOfThePlace: [(date: String, hours: [Hour])] {
        var days: [(date: String, hours: [Hour])] = []
        for hour in hours {
            let date = String(wall(hour.time).prefix(10))
            if days.last?.date == date {
                days[days.count - 1].hours.append(hour)
            } else {
                days.append((date, [hour]))
            }
        }
        return days.filter { $0.hours.count > 20 }
    }

    func offset(_ time: Int) -> Int { zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time))) }

    /// What the clock of the place shows: `2026-03-29T15:00:00`.
    func wall(_ time: Int) -> String { String(Self.utc(time + offset(time)).dropLast()) }

    /// `+0200`.
    func offsetText(_ time: Int, colon: String = "") -> String {
        let hours = offset(time) / 3600
        return "+\(hours < 10 ? "0" : "")\(hours)\(colon)00"
    }

    /// `2026-03-29T13:00:00Z`.
    static func utc(_ time: Int) -> String {
        Date(timeIntervalSince1970: Double(time)).formatted(.iso8601)
    }
}

/// A list as JSON has it.
func list(_ values: [Double?]) -> String {
    "[" + values.map { $0.map(number) ?? "null" }.joined(separator: ",") + "]"
}

func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]" }

/// A number as most services write it: to three decimals at most.
func number(_ value: Double) -> String {
    let rounded = (value * 1000).rounded() / 1000
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
}

/// `"name":{…}` and the like, one after the other.
func members(_ pairs: [(String, String)]) -> String {
    "{" + pairs.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
}
