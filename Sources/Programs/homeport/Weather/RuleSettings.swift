internal import Weather

/// One of `weather.rules`: a new rule, or a change to one that is there.
struct RuleSettings: ConfigurationSection {
    var id = ""
    var isOn = true
    var when: Predicate?
    var name: String?
    var title: String?
    var shows: ShownQuantity?
    var minimumHours: Int?
    var bridgeHours: Int?
    var horizonDays: Int?
    var icon: String?
    var category: String?
    var color: EventColor?
    var alarm: Duration?
    var calendar: String?
    var isWindow: Bool?

    static var keys: [Key<Self>] {
        [
            .value("id", \.id, .ruleName, isRequired: true),
            .value("on", \.isOn, .flag),
            .value("when", \.when, .optional(.predicate)),
            .value("name", \.name, .optional(.text("what people call it"))),
            .value("title", \.title, .optional(.title(TitleTemplate.hourWords))),
            .value("shows", \.shows, .optional(.choice)),
            .value("min_hours", \.minimumHours, .optional(.integer(1...48))),
            .value("bridge_hours", \.bridgeHours, .optional(.integer(0...12))),
            .value("horizon_days", \.horizonDays, .optional(.integer(0...31))),
            .value("icon", \.icon, .optional(.text("an emoji"))),
            .value("category", \.category, .optional(.text("a word"))),
            .value("color", \.color, .optional(.choice)),
            .value("alarm", \.alarm, .optional(.duration(.seconds(0) ... .seconds(7 * 86_400)))),
            .value("calendar", \.calendar, .optional(.ruleName)),
            .value("good_hours", \.isWindow, .optional(.flag)),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        let isKnown = (EventRule.standard + EventRule.windows).contains { $0.id.description == id }
        guard isKnown || when != nil else {
            let known = (EventRule.standard + EventRule.windows).map { "`\($0.id)`" }.joined(separator: ", ")
            return [("when", "`\(id)` is a new rule and says nothing; the rules that are there are \(known)")]
        }
        return []
    }
}

/// The quantities a rule can show, by the names rules use.
enum ShownQuantity: String, CaseIterable {
    case temperature, dewPoint = "dew-point", feelsLike = "feels-like", humidity, wind, gust, precipitation,
        rain
    case snow, chance, uvIndex = "uv", clouds

    var quantity: Quantity {
        switch self {
        case .temperature: .temperature
        case .dewPoint: .dewPoint
        case .feelsLike: .feelsLike
        case .humidity: .humidity
        case .wind: .wind
        case .gust: .gust
        case .precipitation: .precipitation
        case .rain: .rain
        case .snow: .snow
        case .chance: .chance
        case .uvIndex: .uvIndex
        case .clouds: .clouds
        }
    }
}

extension ValueKind<Predicate> {
    static var predicate: Self {
        ValueKind(
            text: "a rule such as `wind > 50 km/h until 40 km/h`",
            parse: { text, _ throws(ValueProblem) in
                let predicate: Predicate
                do throws(Predicate.Mistake) {
                    predicate = try Predicate(text)
                } catch {
                    throw ValueProblem(error.description)
                }
                if let problem = predicate.impossibility { throw ValueProblem(problem) }
                return predicate
            },
            show: { _ in "(a rule)" })
    }
}

extension ValueKind<String> {
    static var ruleName: Self {
        ValueKind(
            text: "a name of 1 to 32 of `a-z 0-9 -` that begins with a letter",
            parse: { text, _ in RuleID(text)?.description }, show: { $0 })
    }
}

extension WeatherSettings {
    /// The rules in force: the standard ones, those for good hours where they are asked for, changed and
    /// added to as configured.
    var eventRules: [EventRule] {
        var all = EventRule.standard + (hasWindows ? EventRule.windows : [])
        for settings in rules {
            let index = all.firstIndex { $0.id.description == settings.id }
            guard settings.isOn else {
                if let index { all.remove(at: index) }
                continue
            }
            guard let base = index.map({ all[$0] }) ?? settings.base else { continue }
            let rule = settings.applied(to: base)
            if let index { all[index] = rule } else { all.append(rule) }
        }
        return all
    }
}

extension RuleSettings {
    /// What a rule that is not in force yet begins with.
    fileprivate var base: EventRule? {
        if let window = EventRule.windows.first(where: { $0.id.description == id }) { return window }
        guard let id = RuleID(id), let when else { return nil }
        var rule = EventRule(
            id: id, when: when, shows: shows?.quantity ?? when.firstQuantity ?? .temperature,
            category: id.description)
        rule.extreme = when.looksDown ? .lowest : .highest
        rule.name = id.description
        return rule
    }

    fileprivate func applied(to base: EventRule) -> EventRule {
        var rule = base
        rule.when = when ?? rule.when
        rule.name = name ?? rule.name
        rule.title = title ?? rule.title
        rule.shows = shows?.quantity ?? rule.shows
        rule.minimumHours = minimumHours ?? rule.minimumHours
        rule.bridgeHours = bridgeHours ?? rule.bridgeHours
        rule.horizonDays = horizonDays ?? rule.horizonDays
        rule.icon = icon ?? rule.icon
        rule.category = category ?? rule.category
        rule.color = color ?? rule.color
        rule.alarmMinutes = alarm.map { Int($0.components.seconds) / 60 } ?? rule.alarmMinutes
        rule.calendar = calendar ?? rule.calendar
        rule.isWindow = isWindow ?? rule.isWindow
        return rule
    }
}

extension Predicate {
    fileprivate var comparisons: [Comparison] {
        switch self {
        case .compare(let comparison): [comparison]
        case .all(let parts), .any(let parts): parts.flatMap(\.comparisons)
        case .unknown, .sky, .daylight, .hoursOfDay: []
        }
    }

    /// What the rule is first of all about.
    fileprivate var firstQuantity: Quantity? {
        comparisons.first.map { comparison in
            guard case .quantity(let quantity) = comparison.subject else { return .humidity }
            return quantity
        }
    }

    fileprivate var looksDown: Bool {
        comparisons.first.map { $0.relation == .below || $0.relation == .atMost } ?? false
    }
}
