import Weather

/// What the pages say besides the weather. A language is one value; nothing else in the room holds words for
/// people.
struct PageWords: Sendable {
    let weatherIn: String
    let weather: String
    let meteogramTitle: String
    let tableHint: String
    let temperature: String
    let dewPoint: String
    let rain: String
    let snow: String
    let wind: String
    let gusts: String
    let uvIndex: String
    let humidity: String
    let chance: String
    let to: String
    let upTo: String
    let events: String
    let noEvents: String
    let details: String
    let allDay: String
    let days: String
    let hours: String
    let dayColumn: String
    let timeColumn: String
    let low: String
    let high: String
    let sky: String
    let subscribe: String
    let subscribeHint: String
    let openInCalendar: String
    let addToGoogle: String
    let addToOutlook: String
    let address: String
    let copy: String
    let copied: String
    let scan: String
    let download: String
    let source: String
    let stale: String
    let confirmedNow: String
    /// `{}` stands for the number.
    let confirmedMinutes: String
    let confirmedHours: String
    let confirmedDays: String
    let places: String
    let scrollHint: String
    let isDayFirst: Bool

    /// How long ago something was, in words.
    func age(_ seconds: Double) -> String {
        let minutes = Int(seconds / 60)
        func text(_ template: String, _ number: Int) -> String {
            template.replacing("{}", with: String(number))
        }
        if minutes < 2 { return confirmedNow }
        if minutes < 120 { return text(confirmedMinutes, minutes) }
        if minutes < 48 * 60 { return text(confirmedHours, minutes / 60) }
        return text(confirmedDays, minutes / 1440)
    }

    /// `29.3.` or `3/29`.
    func day(_ date: CivilDate) -> String {
        isDayFirst ? "\(date.day).\(date.month)." : "\(date.month)/\(date.day)"
    }
}

extension Language {
    var pageWords: PageWords {
        switch self {
        case .english: .english
        case .german: .german
        }
    }
}

extension PageWords {
    static let english = PageWords(
        weatherIn: "Weather in", weather: "Weather", meteogramTitle: "Ten days of weather in",
        tableHint: "The same figures stand in the tables below.", temperature: "Temperature",
        dewPoint: "Dew point",
        rain: "Rain", snow: "Snow", wind: "Wind", gusts: "Gusts", uvIndex: "UV index", humidity: "Humidity",
        chance: "Chance", to: "to", upTo: "up to", events: "Events",
        noEvents: "Nothing worth an event is coming.",
        details: "Details", allDay: "all day",
        days: "Days", hours: "Hour by hour", dayColumn: "Day", timeColumn: "Time", low: "Low", high: "High",
        sky: "Sky",
        subscribe: "Subscribe", subscribeHint: "The calendar keeps itself up to date.",
        openInCalendar: "Open in my calendar", addToGoogle: "Google Calendar", addToOutlook: "Outlook",
        address: "Address of the calendar", copy: "Copy", copied: "Copied", scan: "Scan with a phone",
        download: "Download", source: "Source",
        stale: "The source has not answered for a while. This is the last forecast it gave.",
        confirmedNow: "just now", confirmedMinutes: "{} minutes ago", confirmedHours: "{} hours ago",
        confirmedDays: "{} days ago", places: "Places",
        scrollHint: "Drawing of the forecast; scrolls sideways",
        isDayFirst: false)

    static let german = PageWords(
        weatherIn: "Wetter in", weather: "Wetter", meteogramTitle: "Zehn Tage Wetter in",
        tableHint: "Dieselben Zahlen stehen unten in den Tabellen.", temperature: "Temperatur",
        dewPoint: "Taupunkt",
        rain: "Regen", snow: "Schnee", wind: "Wind", gusts: "Böen", uvIndex: "UV-Index",
        humidity: "Luftfeuchte",
        chance: "Wahrsch.", to: "bis", upTo: "bis", events: "Ereignisse",
        noEvents: "Es kommt nichts, was ein Ereignis wert wäre.", details: "Einzelheiten",
        allDay: "ganztägig", days: "Tage", hours: "Stunde für Stunde",
        dayColumn: "Tag", timeColumn: "Zeit", low: "Tief", high: "Hoch", sky: "Himmel",
        subscribe: "Abonnieren",
        subscribeHint: "Der Kalender hält sich selbst aktuell.", openInCalendar: "Im Kalender öffnen",
        addToGoogle: "Google Kalender", addToOutlook: "Outlook", address: "Adresse des Kalenders",
        copy: "Kopieren",
        copied: "Kopiert", scan: "Mit dem Telefon lesen", download: "Herunterladen", source: "Quelle",
        stale: "Die Quelle antwortet seit einiger Zeit nicht. Dies ist ihre letzte Vorhersage.",
        confirmedNow: "gerade eben", confirmedMinutes: "vor {} Minuten", confirmedHours: "vor {} Stunden",
        confirmedDays: "vor {} Tagen", places: "Orte",
        scrollHint: "Zeichnung der Vorhersage; seitlich verschiebbar",
        isDayFirst: true)
}
