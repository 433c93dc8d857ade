/// Everything the program says about the weather, language by language.
///
/// A language is one value of this type and one of `PageWords`; nothing else holds words for people.
package struct Phrases: Sendable {
    /// Names of the standard rules, and of categories.
    let rules: [String: String]
    /// Titles of the standard rules (`TitleTemplate`).
    let titles: [String: String]
    let dayTitle: String
    /// From Monday.
    package let weekdays: [String]
    let sky: [Sky: String]
    let severity: [Severity: String]
    let sunrise: String
    let sunset: String
    let warning: String
    package let temperature: String
    let humidity: String
    package let rain: String
    let snow: String
    package let wind: String
    let gusts: String
    let uvIndex: String
    let chance: String
    let upTo: String
    let to: String
    /// Before the sentence of the licence.
    package let data: String
    let issuedBy: String
    /// Before the time at which a forecast that has become old was last confirmed.
    package let oldForecast: String
    /// Shown for what is not known.
    let unknown: String
    /// `5.4` or `5,4`.
    let decimalMark: Character
}

extension Language {
    package var phrases: Phrases {
        switch self {
        case .english: .english
        case .german: .german
        }
    }
}

extension Phrases {
    static let english = Phrases(
        rules: [
            "wind": "Wind", "heat": "Heat", "cold": "Cold", "uv": "UV index", "rain": "Rain", "snow": "Snow",
            "muggy": "Muggy", "dry": "Dry", "outdoor": "Good for outdoors", "day": "Day",
            "warning": "Warning",
            "sun": "Sun",
        ],
        titles: [
            "wind": "Wind {peak}[ ({at})]", "heat": "Heat {peak}[ ({at})]", "cold": "Cold {peak}[ ({at})]",
            "uv": "UV index {peak}[ ({at})]", "rain": "Rain {sum}[ (peak {peak} {at})]",
            "snow": "Snow {sum}[ (peak {peak} {at})]", "muggy": "Muggy {peak}", "dry": "Dry {from}–{to}",
            "outdoor": "Good for outdoors {from}–{to}, {peak}",
        ],
        dayTitle: "{low}-{high}{degree} {humidity}% Rain:{rain} Snow:{snow} {conditions}",
        weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        sky: [
            .clear: "Clear", .fair: "Fair", .partlyCloudy: "Partly cloudy", .cloudy: "Cloudy",
            .overcast: "Overcast", .fog: "Fog", .drizzle: "Drizzle", .rain: "Rain", .showers: "Showers",
            .heavyRain: "Heavy rain", .freezingRain: "Freezing rain", .sleet: "Sleet", .snow: "Snow",
            .snowShowers: "Snow showers", .heavySnow: "Heavy snow", .hail: "Hail",
            .thunderstorm: "Thunderstorm", .windy: "Windy", .dust: "Dust",
        ],
        severity: [
            .unknown: "unknown severity", .minor: "minor", .moderate: "moderate", .severe: "severe",
            .extreme: "extreme",
        ],
        sunrise: "Sunrise", sunset: "Sunset", warning: "Warning", temperature: "Temperature",
        humidity: "Humidity", rain: "Rain", snow: "Snow", wind: "Wind", gusts: "gusts", uvIndex: "UV index",
        chance: "chance", upTo: "up to", to: "to", data: "Data", issuedBy: "Issued by",
        oldForecast: "No news since this forecast of", unknown: "?",
        decimalMark: ".")

    static let german = Phrases(
        rules: [
            "wind": "Wind", "heat": "Hitze", "cold": "Kälte", "uv": "UV-Index", "rain": "Regen",
            "snow": "Schnee", "muggy": "Schwül", "dry": "Trocken", "outdoor": "Gut für draußen", "day": "Tag",
            "warning": "Warnung", "sun": "Sonne",
        ],
        titles: [
            "wind": "Wind {peak}[ ({at})]", "heat": "Hitze {peak}[ ({at})]", "cold": "Kälte {peak}[ ({at})]",
            "uv": "UV-Index {peak}[ ({at})]", "rain": "Regen {sum}[ (Spitze {peak} {at})]",
            "snow": "Schnee {sum}[ (Spitze {peak} {at})]", "muggy": "Schwül {peak}",
            "dry": "Trocken {from}–{to}", "outdoor": "Gut für draußen {from}–{to}, {peak}",
        ],
        dayTitle: "{low}-{high}{degree} {humidity}% Regen:{rain} Schnee:{snow} {conditions}",
        weekdays: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
        sky: [
            .clear: "Klar", .fair: "Heiter", .partlyCloudy: "Wolkig", .cloudy: "Stark bewölkt",
            .overcast: "Bedeckt", .fog: "Nebel", .drizzle: "Nieselregen", .rain: "Regen", .showers: "Schauer",
            .heavyRain: "Starker Regen", .freezingRain: "Gefrierender Regen", .sleet: "Schneeregen",
            .snow: "Schnee", .snowShowers: "Schneeschauer", .heavySnow: "Starker Schneefall",
            .hail: "Hagel", .thunderstorm: "Gewitter", .windy: "Windig", .dust: "Staub",
        ],
        severity: [
            .unknown: "Stufe unbekannt", .minor: "gering", .moderate: "mäßig", .severe: "schwer",
            .extreme: "extrem",
        ],
        sunrise: "Sonnenaufgang", sunset: "Sonnenuntergang", warning: "Warnung", temperature: "Temperatur",
        humidity: "Luftfeuchte", rain: "Regen", snow: "Schnee", wind: "Wind", gusts: "Böen",
        uvIndex: "UV-Index", chance: "Wahrscheinlichkeit", upTo: "bis", to: "bis", data: "Daten",
        issuedBy: "Herausgegeben von", oldForecast: "Nichts Neues seit dieser Vorhersage vom", unknown: "?",
        decimalMark: ",")

    /// The word for a sky.
    package func word(for sky: Sky) -> String { self.sky[sky] ?? unknown }

    /// What a rule or category is called; the word itself when the language does not know it.
    package func name(of word: String) -> String { rules[word] ?? word }
}
