/// Numbers with their units, as one reader wants them.
package struct Figures: Sendable {
    package let units: Units
    package let language: Language
    private let mark: Character

    package init(units: Units, language: Language) {
        self.units = units
        self.language = language
        self.mark = language.phrases.decimalMark
    }

    /// The value of a quantity with its unit, `34 km/h`; rain and snow as a rate where they are a peak.
    package func text(_ value: Double, of quantity: Quantity, isRate: Bool = false) -> String {
        switch quantity {
        case .temperature, .dewPoint, .feelsLike: temperature(value)
        case .humidity, .chance, .clouds: "\(number(value, places: 0)) %"
        case .wind, .gust: speed(value)
        case .windDirection: "\(number(value, places: 0))°"
        case .precipitation, .rain: rain(value) + (isRate ? "/h" : "")
        case .snow: snow(value) + (isRate ? "/h" : "")
        case .uvIndex: number(value, places: 0)
        }
    }

    package func temperature(_ celsius: Double) -> String {
        "\(number(units.temperature.shown(celsius), places: 0)) °\(units.temperature.letter)"
    }

    package func speed(_ metersPerSecond: Double) -> String {
        "\(number(units.speed.shown(metersPerSecond), places: 0)) \(units.speed.symbol)"
    }

    /// From mm.
    package func rain(_ millimetres: Double) -> String {
        "\(rainNumber(millimetres)) \(units.depth == .metric ? "mm" : "in")"
    }

    /// From mm as it lies.
    package func snow(_ millimetres: Double) -> String {
        "\(snowNumber(millimetres)) \(units.depth == .metric ? "cm" : "in")"
    }

    package func rainNumber(_ millimetres: Double) -> String {
        units.depth == .metric ? short(millimetres) : inches(millimetres)
    }

    package func snowNumber(_ millimetres: Double) -> String {
        units.depth == .metric ? short(millimetres / 10) : inches(millimetres)
    }

    private func inches(_ millimetres: Double) -> String {
        let inches = millimetres / 25.4
        return inches == 0 ? "0" : inches < 0.01 ? number(0.01, places: 2) : number(inches, places: 2)
    }

    /// One decimal below ten, none above, and no `.0`. What is more than nothing is never shown as nothing.
    private func short(_ value: Double) -> String {
        guard value < 9.95 else { return number(value, places: 0) }
        let value = value > 0 ? max(value, 0.1) : value
        let text = number(value, places: 1)
        // Of one decimal the last byte is its digit.
        return text.utf8.last == UInt8(ascii: "0") ? String(text.dropLast(2)) : text
    }

    package func number(_ value: Double, places: Int) -> String {
        Decimals.text(value, places: places, mark: mark)
    }
}
