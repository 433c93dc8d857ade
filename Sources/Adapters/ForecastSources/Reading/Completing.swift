import Weather

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension HourTable {
    /// What follows from what a source says, where it does not say it itself.
    ///
    /// - Parameter snowPerWater: millimetres of new snow to a millimetre of water, as the source reckons.
    func completed(snowPerWater: Double = 10) -> HourTable {
        var table = self
        for index in 0..<count {
            table.completeMoisture(index)
            table.completeWater(index, snowPerWater: snowPerWater)
        }
        return table
    }

    /// Humidity and dew point from each other (Magnus formula, constants of Alduchov and Eskridge 1996).
    private mutating func completeMoisture(_ index: Int) {
        guard let temperature = self[.temperature, index] else { return }
        let pressure = { (celsius: Double) in exp(17.625 * celsius / (243.04 + celsius)) }
        switch (self[.humidity, index], self[.dewPoint, index]) {
        case (nil, let dewPoint?):
            self[.humidity, index] = min(100, 100 * pressure(dewPoint) / pressure(temperature))
        case (let humidity?, nil) where humidity >= 1:
            let gamma = log(humidity / 100) + 17.625 * temperature / (243.04 + temperature)
            self[.dewPoint, index] = 243.04 * gamma / (17.625 - gamma)
        default: break
        }
    }

    /// Rain, snow and all water from each other; the word for the sky decides where only the water is known.
    private mutating func completeWater(_ index: Int, snowPerWater: Double) {
        switch (self[.precipitation, index], self[.rain, index], self[.snow, index]) {
        case (let water?, nil, nil):
            let isSnow = sky[index].map { [.snow, .snowShowers, .heavySnow].contains($0) } ?? false
            self[.rain, index] = isSnow ? 0 : water
            self[.snow, index] = isSnow ? water * snowPerWater : 0
        case (let water?, nil, let snow?):
            // Rounding on the side of the source leaves crumbs that are no rain.
            let rain = water - snow / snowPerWater
            self[.rain, index] = rain < 0.05 && snow > 0 ? 0 : max(0, rain)
        case (let water?, let rain?, nil):
            self[.snow, index] = water - rain < 0.05 ? 0 : (water - rain) * snowPerWater
        case (nil, let rain?, let snow?):
            self[.precipitation, index] = rain + snow / snowPerWater
        case (nil, let rain?, nil):
            self[.precipitation, index] = rain
        default: break
        }
    }
}
