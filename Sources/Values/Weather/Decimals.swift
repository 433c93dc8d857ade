/// Numbers as people read them, without a locale and without C formats.
package enum Decimals {
    /// The number to a fixed count of decimals (at most 6), halves rounded to even, as C and Python do; `-0`
    /// is `0`. The mark is a point unless told otherwise.
    package static func text(_ value: Double, places: Int, mark: Character = ".") -> String {
        guard value.isFinite, abs(value) < 1e15 else { return value.isNaN ? "?" : "∞" }
        let places = min(max(places, 0), 6)
        let scale = powers[places]
        let rounded = Int((abs(value) * Double(scale)).rounded(.toNearestOrEven))
        let sign = value < 0 && rounded > 0 ? "-" : ""
        guard scale > 1 else { return sign.isEmpty ? String(rounded) : sign + String(rounded) }
        var text = sign
        text += String(rounded / scale)
        text.append(mark)
        text += padded(rounded % scale, places)
        return text
    }

    /// A number from 0 on with zeros before it; longer than that when it has more digits.
    static func padded(_ number: Int, _ width: Int) -> String {
        guard width <= 6, (0..<powers[width]).contains(number) else { return String(number) }
        return String(unsafeUninitializedCapacity: width) { digits in
            var rest = number
            for index in (0..<width).reversed() {
                digits.initializeElement(
                    at: index, to: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            }
            return width
        }
    }

    private static let powers = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000]
}
