/// Numbers as people read them, without a locale and without C formats.
package enum Decimals {
    /// The number to a fixed count of decimals (at most 6), halves rounded to even, as C and Python do; `-0`
    /// is `0`. The mark is a point unless told otherwise.
    package static func text(_ value: Double, places: Int, mark: Character = ".") -> String {
        guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "?" : "∞" }
        let scale = powers[min(max(places, 0), 6)]
        let scaled = abs(value) * Double(scale)
        let rounded = Int(scaled.rounded(.toNearestOrEven))
        let sign = value < 0 && rounded > 0 ? "-" : ""
        guard scale > 1 else { return sign + String(rounded) }
        let fraction = CivilDate.padded(rounded % scale, places)
        return "\(sign)\(rounded / scale)\(mark)\(fraction)"
    }

    private static let powers = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]
}
