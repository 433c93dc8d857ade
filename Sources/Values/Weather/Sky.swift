/// What the weather looks like in one word, the most noticeable thing first.
package enum Sky: UInt8, Sendable, CaseIterable {
    case clear, fair, partlyCloudy, cloudy, overcast
    case fog, drizzle, rain, showers, heavyRain
    case freezingRain, sleet, snow, snowShowers, heavySnow
    case hail, thunderstorm
    case windy, dust

    /// How much it matters for the word of a day: the highest of the hours is it.
    package var weight: Int {
        switch self {
        case .clear: 0
        case .fair: 1
        case .partlyCloudy: 2
        case .windy, .dust: 3
        case .cloudy: 4
        case .overcast: 5
        case .fog: 6
        case .drizzle: 7
        case .showers: 8
        case .rain: 9
        case .heavyRain: 10
        case .sleet: 11
        case .snowShowers: 12
        case .snow: 13
        case .heavySnow: 14
        case .freezingRain: 15
        case .hail: 16
        case .thunderstorm: 17
        }
    }

    /// Whether something falls from it.
    package var isWet: Bool { weight >= Sky.drizzle.weight }

    /// The name by which rules in configuration speak of it: `heavy-rain`.
    package var keyword: String {
        switch self {
        case .clear: "clear"
        case .fair: "fair"
        case .partlyCloudy: "partly-cloudy"
        case .cloudy: "cloudy"
        case .overcast: "overcast"
        case .fog: "fog"
        case .drizzle: "drizzle"
        case .rain: "rain"
        case .showers: "showers"
        case .heavyRain: "heavy-rain"
        case .freezingRain: "freezing-rain"
        case .sleet: "sleet"
        case .snow: "snow"
        case .snowShowers: "snow-showers"
        case .heavySnow: "heavy-snow"
        case .hail: "hail"
        case .thunderstorm: "thunderstorm"
        case .windy: "windy"
        case .dust: "dust"
        }
    }
}

extension Sky {
    package var icon: String {
        switch self {
        case .clear: "☀️"
        case .fair: "🌤️"
        case .partlyCloudy: "⛅"
        case .cloudy, .overcast: "☁️"
        case .fog: "🌫️"
        case .drizzle, .showers: "🌦️"
        case .rain, .heavyRain: "🌧️"
        case .freezingRain, .sleet, .snow, .snowShowers, .heavySnow: "🌨️"
        case .hail, .thunderstorm: "⛈️"
        case .windy: "💨"
        case .dust: "🌫️"
        }
    }
}
