/// What the pages say besides the weather. A language is one value; no face holds words for people.
package struct PageWords: Sendable {
    package let weatherIn: String
    package let weather: String
    package let meteogramTitle: String
    package let tableHint: String
    package let temperature: String
    package let dewPoint: String
    package let rain: String
    package let snow: String
    package let wind: String
    package let gusts: String
    package let uvIndex: String
    package let humidity: String
    package let chance: String
    package let to: String
    package let upTo: String
    package let events: String
    package let noEvents: String
    package let details: String
    package let allDay: String
    package let days: String
    package let hours: String
    package let dayColumn: String
    package let timeColumn: String
    package let low: String
    package let high: String
    package let sky: String
    package let subscribe: String
    package let subscribeHint: String
    package let openInCalendar: String
    package let addToGoogle: String
    package let addToOutlook: String
    package let address: String
    package let copy: String
    package let copied: String
    package let scan: String
    package let download: String
    package let source: String
    package let stale: String
    package let confirmedNow: String
    /// `{}` stands for the number.
    package let confirmedMinutes: String
    package let confirmedHours: String
    package let confirmedDays: String
    package let places: String
    package let scrollHint: String
    package let isDayFirst: Bool

    /// How long ago something was, in words.
    package func age(_ seconds: Double) -> String {
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
    package func day(_ date: CivilDate) -> String {
        isDayFirst ? "\(date.day).\(date.month)." : "\(date.month)/\(date.day)"
    }
}

extension Language {
    package var pageWords: PageWords {
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
