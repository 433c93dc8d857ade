internal import Weather

/// `weather:` the places whose weather is told, and how.
struct WeatherSettings: ConfigurationSection {
    enum UnitNames: String, CaseIterable {
        case metric, imperial, beaufort

        var units: Units {
            switch self {
            case .metric: .metric
            case .imperial: .imperial
            case .beaufort: .beaufort
            }
        }
    }

    enum WarningLevel: String, CaseIterable {
        case off, all, minor, moderate, severe, extreme

        var severity: Severity? {
            switch self {
            case .off: nil
            case .all: .unknown
            case .minor: .minor
            case .moderate: .moderate
            case .severe: .severe
            case .extreme: .extreme
            }
        }
    }

    enum LanguageName: String, CaseIterable {
        case english = "en"
        case german = "de"

        var language: Language { self == .english ? .english : .german }
    }

    var contact: String?
    var language = LanguageName.english
    var units = UnitNames.metric
    var hasIcons = true
    var hasSun = false
    var hasWindows = false
    var warnings = WarningLevel.all
    var keepsPast = false
    var isLegacy = false
    var refresh = Duration.seconds(3600)
    var staleAfter = Duration.seconds(3 * 3600)
    var geocodingURL: String?
    var publisher: String?
    var pushEvery = Duration.seconds(3 * 3600)
    var pushPause = Duration.seconds(3600)
    var day = DaySettings()
    var places: [PlaceSettings] = []
    var sources: [SourceSection] = []
    var rules: [RuleSettings] = []
    var feeds: [FeedSection] = []
    var calendars: [CalendarSettings] = []

    static var keys: [Key<Self>] {
        [
            .value("contact", \.contact, .optional(.text("an address or the URL of a page"))),
            .value("language", \.language, .choice),
            .value("units", \.units, .choice),
            .value("icons", \.hasIcons, .flag),
            .value("sun", \.hasSun, .flag),
            .value("good_hours", \.hasWindows, .flag),
            .value("warnings", \.warnings, .choice),
            .value("keep_past", \.keepsPast, .flag),
            .value("legacy", \.isLegacy, .flag),
            .value("refresh", \.refresh, .duration(.seconds(600) ... .seconds(86_400))),
            .value("stale_after", \.staleAfter, .duration(.seconds(600) ... .seconds(7 * 86_400))),
            .value("geocoding_url", \.geocodingURL, .optional(.serviceURL)),
            .value("publisher", \.publisher, .optional(.mailAddress)),
            .value("push_every", \.pushEvery, .duration(.seconds(600) ... .seconds(7 * 86_400))),
            .value("push_pause", \.pushPause, .duration(.seconds(600) ... .seconds(86_400))),
            .section("day", \.day),
            .sections("places", \.places),
            .sections("sources", \.sources),
            .sections("rules", \.rules),
            .sections("feeds", \.feeds),
            .sections("calendars", \.calendars),
        ]
    }
}

/// `weather.day:` the summaries of days.
struct DaySettings: ConfigurationSection {
    enum Form: String, CaseIterable {
        case at, allDay = "all-day", none
    }

    var form = Form.at
    var time = ClockTime(minuteOfDay: 6 * 60)
    var length = Duration.seconds(15 * 60)
    var title: String?
    var alarm: Duration?
    var max = 16

    static var keys: [Key<Self>] {
        [
            .value("form", \.form, .choice),
            .value("time", \.time, .clockTime),
            .value("length", \.length, .duration(.seconds(60) ... .seconds(86_400))),
            .value("title", \.title, .optional(.title(TitleTemplate.dayWords))),
            .value("alarm", \.alarm, .optional(.duration(.seconds(0) ... .seconds(7 * 86_400)))),
            .value("max", \.max, .integer(1...31)),
        ]
    }
}

/// A time of the day: `06:00`.
struct ClockTime: Hashable, Sendable {
    let minuteOfDay: Int
}

extension ValueKind<ClockTime> {
    static var clockTime: Self {
        ValueKind(
            text: "a time of the day such as `06:00`",
            parse: { text, _ in
                let parts = text.split(separator: ":", omittingEmptySubsequences: false)
                guard parts.count == 2, parts[1].utf8.count == 2, let hour = Int(parts[0]),
                    let minute = Int(parts[1]), (0...23).contains(hour), (0...59).contains(minute)
                else { return nil }
                return ClockTime(minuteOfDay: hour * 60 + minute)
            },
            show: { time in
                let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
                return "\(pad(time.minuteOfDay / 60)):\(pad(time.minuteOfDay % 60))"
            })
    }
}

extension ValueKind<String> {
    /// A title with words in braces.
    static func title(_ words: Set<String>) -> Self {
        ValueKind(
            text: "a title",
            parse: { text, _ throws(ValueProblem) in
                do throws(TitleTemplate.Mistake) {
                    _ = try TitleTemplate(text, words: words)
                    return text
                } catch {
                    throw ValueProblem(error.description)
                }
            },
            show: { $0 })
    }
}
