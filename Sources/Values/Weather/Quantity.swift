/// What a forecast says numbers about, each in one fixed unit.
package enum Quantity: Int, Sendable, CaseIterable {
    /// Air temperature at 2 m, °C, at the start of the hour.
    case temperature
    /// Dew point at 2 m, °C, at the start of the hour.
    case dewPoint
    /// What it feels like, °C.
    case feelsLike
    /// Relative humidity, 0 to 100 %.
    case humidity
    /// Mean wind at 10 m, m/s.
    case wind
    /// Gusts at 10 m, m/s.
    case gust
    /// Where the wind comes from, degrees, 0 to 360.
    case windDirection
    /// All water that falls in the hour, snow melted, mm.
    case precipitation
    /// Rain that falls in the hour, mm.
    case rain
    /// New snow that falls in the hour, as it lies, mm (not melted).
    case snow
    /// Chance of any precipitation in the hour, 0 to 100 %.
    case chance
    /// UV index.
    case uvIndex
    /// Sky covered by clouds, 0 to 100 %.
    case clouds

    /// Whether the number is a sum over the hour; the others hold at its start or on the average.
    package var isSum: Bool {
        switch self {
        case .precipitation, .rain, .snow: true
        default: false
        }
    }
}

extension Quantity {
    /// The bounds of what weather does; beyond them lie mistakes, and the numbers that services use for
    /// "unknown", such as −9999.
    package var bounds: ClosedRange<Double> {
        switch self {
        case .temperature, .dewPoint, .feelsLike: -120...75
        case .humidity, .chance, .clouds: 0...100
        case .wind, .gust: 0...150
        case .windDirection: 0...360
        case .precipitation, .rain: 0...1000
        case .snow: 0...3000
        case .uvIndex: 0...40
        }
    }
}

/// One number per hour, any of which may be missing. Missing is not zero.
///
/// Missing values are kept as NaN, which halves the memory of optionals; no other NaN can get in.
package struct Column: Sendable {
    private var values: [Double]

    /// A column in which every hour is missing.
    package init(count: Int) {
        self.values = Array(repeating: .nan, count: count)
    }

    package init(_ values: [Double?]) {
        self.values = values.map { $0 ?? .nan }
    }

    package var count: Int { values.count }

    package subscript(index: Int) -> Double? {
        get {
            let value = values[index]
            return value.isNaN ? nil : value
        }
        set { values[index] = newValue ?? .nan }
    }

    /// Whether no hour has a value.
    package var isEmpty: Bool { values.allSatisfy(\.isNaN) }

    /// The bits of the values, for keeping them.
    package var bitPatterns: [UInt64] { values.map(\.bitPattern) }
}

extension Column: Hashable {
    package static func == (left: Self, right: Self) -> Bool {
        left.count == right.count
            && zip(left.values, right.values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
    }

    package func hash(into hasher: inout Hasher) {
        for value in values { hasher.combine(value.isNaN ? .nan : value) }
    }
}
