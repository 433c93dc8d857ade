import Foundation
import RecordedWeather
import Testing
import Weather

@testable import ForecastSources

/// One weather, told by every service in its own units and with its own idea of when a number holds: what is
/// read from each answer is the weather itself.
@Suite struct InventedWeatherTests {
    /// What a service says of the invented weather.
    struct Telling: Sendable, CustomStringConvertible {
        let source: SourceName
        /// Hours of which it says anything.
        let hours: Int
        /// Hours that are told one by one; those behind them are told in blocks.
        var single = 264
        /// Half a step of what it rounds to.
        let rounding: [Quantity: Double]

        var description: String { source.rawValue }
    }

    private static let exact: [Quantity: Double] = Dictionary(
        uniqueKeysWithValues: Quantity.allCases.map { ($0, 0.002) })
    /// Whole degrees, kilometres an hour and steps of the UV index.
    private static let whole = exact.merging([
        .temperature: 0.51, .dewPoint: 0.51, .feelsLike: 0.51, .wind: 0.14, .gust: 0.14, .uvIndex: 0.51,
    ]) { $1 }

    private static func without(_ quantities: Quantity..., in rounding: [Quantity: Double] = exact)
        -> [Quantity:
        Double]
    {
        rounding.filter { !quantities.contains($0.key) }
    }

    static let tellings = [
        Telling(source: .openMeteo, hours: 264, rounding: exact),
        Telling(source: .metNorway, hours: 259, single: 60, rounding: without(.feelsLike)),
        Telling(
            source: .brightSky, hours: 264,
            // Of the humidity, which has to be computed, the invented weather knows whole per cents.
            rounding: without(.feelsLike, .uvIndex).merging([.humidity: 0.51]) { $1 }),
        Telling(source: .openWeatherMap, hours: 48, rounding: exact),
        Telling(
            source: .nationalWeatherService, hours: 264,
            rounding: without(.uvIndex, in: whole.merging([.gust: 0.002, .feelsLike: 0.002]) { $1 })),
        Telling(source: .pirateWeather, hours: 168, rounding: exact),
        Telling(source: .weatherCompany, hours: 264, rounding: whole),
        Telling(
            source: .weatherUnderground, hours: 240,
            rounding: without(
                .gust, in: whole.merging([.precipitation: 0.51, .rain: 1.1, .snow: 0.51]) { $1 })),
    ]

    @Test(arguments: tellings, [InventedWeather.spring, .autumn])
    func everyHourIsReadAsItIs(_ telling: Telling, _ weather: InventedWeather) throws {
        let answers = weather.answers(of: telling.source).map { Array($0.utf8) }
        let table = try Recordings.read(telling.source, answers)
            .forecast(for: try #require(Reader.place)).hours
        #expect(table.count == telling.hours)
        for (quantity, tolerance) in telling.rounding {
            var compared = 0
            for hour in weather.hours.prefix(telling.single) {
                let moment = Date(timeIntervalSince1970: Double(hour.time))
                guard let index = table.index(at: moment), let value = table[quantity, index],
                    !quantity.isSum || table.blockHours[index] == 1
                else { continue }
                compared += 1
                let truth = hour.value(quantity, of: telling.source)
                #expect(abs(value - truth) <= tolerance, "\(quantity) at \(moment): \(value) is not \(truth)")
            }
            let inBlocks = quantity.isSum && table.blockHours.contains { $0 > 1 }
            // Of the first or the last hour one value may be missing.
            let expected = min(telling.hours, telling.single) - 1
            #expect(compared >= expected || inBlocks, "\(quantity): \(compared)")
            #expect(
                inBlocks
                    == (quantity.isSum && [.metNorway, .nationalWeatherService].contains(telling.source)))
        }
    }

    /// What falls in blocks is spread over their hours, so that nothing is lost and nothing added.
    @Test(arguments: tellings, [InventedWeather.spring, .autumn])
    func nothingFallsTwiceAndNothingIsLost(_ telling: Telling, _ weather: InventedWeather) throws {
        let answers = weather.answers(of: telling.source).map { Array($0.utf8) }
        let table = try Recordings.read(telling.source, answers)
            .forecast(for: try #require(Reader.place)).hours
        let known = weather.hours.filter {
            table.index(at: Date(timeIntervalSince1970: Double($0.time))) != nil
        }
        // Whole millimetres an hour add up to something else.
        let tolerance = telling.source == .weatherUnderground ? 8 : 0.1
        let told = table.figures(.precipitation, in: 0..<table.count).sum
        let truth = known.reduce(0) { $0 + $1.value(.precipitation, of: telling.source) }
        #expect(truth > 5)
        #expect(abs(told - truth) < tolerance, "\(told) is not \(truth)")
    }
}

extension InventedWeather.Hour {
    /// What a service means by this hour, in the units of the house.
    fileprivate func value(_ quantity: Quantity, of source: SourceName) -> Double {
        switch quantity {
        case .temperature: temperature
        case .dewPoint: dewPoint
        case .feelsLike: feelsLike
        case .humidity: humidity
        case .wind: wind / 3.6
        case .gust: gust / 3.6
        case .windDirection: direction
        // Seven centimetres of snow are ten millimetres of water to one service, ten are to the others.
        case .precipitation: rain + snow * (source == .openMeteo ? 10 / 7 : 1)
        case .rain: rain
        case .snow: snow * 10
        case .chance: chance
        case .uvIndex: uvIndex
        case .clouds: clouds
        }
    }
}
