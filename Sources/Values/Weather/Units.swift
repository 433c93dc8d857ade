/// In which units numbers are shown. Inside, every quantity has one fixed unit.
package struct Units: Hashable, Sendable {
    package enum Temperature: String, Sendable, CaseIterable { case celsius, fahrenheit }
    package enum Speed: String, Sendable, CaseIterable { case kmh, ms, mph, knots, beaufort }
    package enum Depth: String, Sendable, CaseIterable { case metric, inch }

    package let temperature: Temperature
    package let speed: Speed
    package let depth: Depth

    package init(temperature: Temperature, speed: Speed, depth: Depth) {
        self.temperature = temperature
        self.speed = speed
        self.depth = depth
    }

    package static let metric = Units(temperature: .celsius, speed: .kmh, depth: .metric)
    package static let imperial = Units(temperature: .fahrenheit, speed: .mph, depth: .inch)
    package static let beaufort = Units(temperature: .celsius, speed: .beaufort, depth: .metric)
}

extension Units.Temperature {
    /// From °C.
    package func shown(_ celsius: Double) -> Double {
        self == .celsius ? celsius : celsius * 9 / 5 + 32
    }

    /// `C` or `F`, as titles have it.
    package var letter: String { self == .celsius ? "C" : "F" }
}

extension Units.Speed {
    /// From m/s. Beaufort is the full number of the scale.
    package func shown(_ metersPerSecond: Double) -> Double {
        switch self {
        case .kmh: metersPerSecond * 3.6
        case .ms: metersPerSecond
        case .mph: metersPerSecond / 0.44704
        case .knots: metersPerSecond * 3600 / 1852
        case .beaufort: Double(Self.beaufortNumber(metersPerSecond))
        }
    }

    package var symbol: String {
        switch self {
        case .kmh: "km/h"
        case .ms: "m/s"
        case .mph: "mph"
        case .knots: "kn"
        case .beaufort: "Bft"
        }
    }

    /// The number of the Beaufort scale, 0 to 12, by its lower bounds in m/s.
    package static func beaufortNumber(_ metersPerSecond: Double) -> Int {
        let bounds = [0.3, 1.6, 3.4, 5.5, 8.0, 10.8, 13.9, 17.2, 20.8, 24.5, 28.5, 32.7]
        return bounds.count { metersPerSecond >= $0 }
    }
}
