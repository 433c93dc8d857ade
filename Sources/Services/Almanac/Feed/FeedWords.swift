import Weather

/// What a calendar says besides its events.
struct FeedWords: Sendable {
    /// Before the sentence of the licence.
    let data: String
    /// Before the time at which the forecast was last confirmed.
    let oldForecast: String
}

extension Language {
    var words: FeedWords {
        switch self {
        case .english: FeedWords(data: "Data", oldForecast: "No news since this forecast of")
        case .german: FeedWords(data: "Daten", oldForecast: "Nichts Neues seit dieser Vorhersage vom")
        }
    }
}
