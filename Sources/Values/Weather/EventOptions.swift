/// What a reader of events may choose.
package struct EventOptions: Hashable, Sendable {
    /// Where the summary of a day stands in a calendar.
    package enum DayForm: Hashable, Sendable {
        /// At a time of the place's clock, for some minutes.
        case at(minuteOfDay: Int, minutes: Int)
        case allDay
        /// No summaries.
        case none
    }

    package var language = Language.english
    package var units = Units.metric
    /// Whether titles begin with an emoji.
    package var icons = true
    package var day = DayForm.at(minuteOfDay: 6 * 60, minutes: 15)
    /// The title of a day; nil for the one of the language. See `TitleTemplate`.
    package var dayTitle: String?
    package var dayAlarmMinutes: Int?
    /// Whether sunrise and sunset are events.
    package var sun = false
    /// Warnings below this severity are left out; nil for no warnings at all.
    package var warnings: Severity? = .unknown
    /// Whether what is over stays, for as long as the forecast has it, or only until the end of its day.
    package var keepsPast = false
    /// So many summaries of days at most, today included.
    package var daysMax = 16
    /// Makes the events of the script that people come from, hour by hour, in its words.
    package var legacy = false

    package init() {}
}

/// A language the program speaks. What it says is in `Phrases`.
package enum Language: String, Sendable, CaseIterable {
    case english = "en"
    case german = "de"
}
