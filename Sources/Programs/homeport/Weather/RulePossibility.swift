internal import Weather

extension Predicate {
    /// What no weather can do, in words that follow the name of the key; nil for a rule that can hold.
    var impossibility: String? {
        switch self {
        case .compare(let comparison): comparison.impossibility
        case .all(let parts), .any(let parts): parts.lazy.compactMap(\.impossibility).first
        case .unknown, .sky, .daylight, .hoursOfDay: nil
        }
    }
}

extension Comparison {
    fileprivate var impossibility: String? {
        let range = possible
        let thresholds = [threshold] + (exitThreshold.map { [$0] } ?? [])
        let isPossible = thresholds.allSatisfy { value in
            switch relation {
            case .above: range.lowerBound <= value && value < range.upperBound
            case .below: range.lowerBound < value && value <= range.upperBound
            case .atLeast, .atMost, .equal: range.contains(value)
            }
        }
        guard !isPossible else { return nil }
        let bounds =
            "\(Decimals.text(range.lowerBound, places: 0)) to \(Decimals.text(range.upperBound, places: 0))"
        return "the threshold is impossible: \(name) goes from \(bounds)"
    }

    private var name: String {
        guard case .quantity(let quantity) = subject else { return "the spread in °C" }
        return switch quantity {
        case .temperature: "the temperature in °C"
        case .dewPoint: "the dew point in °C"
        case .feelsLike: "what the temperature feels like in °C"
        case .humidity: "humidity in %"
        case .wind: "wind in m/s"
        case .gust: "gusts in m/s"
        case .windDirection: "the wind's direction in degrees"
        case .precipitation: "precipitation in mm an hour"
        case .rain: "rain in mm an hour"
        case .snow: "snow in mm an hour"
        case .chance: "the chance in %"
        case .uvIndex: "the UV index"
        case .clouds: "the clouds in %"
        }
    }

    /// What has been measured on earth, and some room.
    private var possible: ClosedRange<Double> {
        guard case .quantity(let quantity) = subject else { return 0...80 }
        return switch quantity {
        case .temperature, .dewPoint: -100...70
        case .feelsLike: -130...90
        case .humidity, .chance, .clouds: 0...100
        case .wind, .gust: 0...150
        case .windDirection: 0...360
        case .precipitation, .rain: 0...500
        case .snow: 0...2000
        case .uvIndex: 0...50
        }
    }
}
