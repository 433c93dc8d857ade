package import FoundationEssentials

extension Forecast {
    /// The events of this forecast, in the order of their starts: summaries of days, hours in which rules
    /// hold, good hours, the sun, and warnings, each as far as it is asked for.
    ///
    /// - Parameters:
    ///   - clock: the clock of the place, for as long as the forecast goes and a day longer on both sides.
    ///   - now: events of days before that of `now` are left out unless `options` keep them.
    package func events(
        under rules: [EventRule], options: EventOptions, clock: LocalClock, now: Date
    ) -> [WeatherEvent] {
        let maker = EventMaker(forecast: self, rules: rules, options: options, clock: clock, now: now)
        let events = options.legacy ? maker.legacyEvents() : maker.events()
        return events.sorted { ($0.start, $0.end, $0.seed) < ($1.start, $1.end, $1.seed) }
    }
}

/// Makes the events of one forecast for one reader.
struct EventMaker {
    let forecast: Forecast
    let rules: [EventRule]
    let options: EventOptions
    let clock: LocalClock
    let phrases: Phrases
    let figures: Figures
    let today: CivilDate
    /// Nothing that ends before it is told.
    let earliest: Date
    let facts: HourFacts
    /// Who is to be credited, at the end of every description.
    let credit: String

    init(forecast: Forecast, rules: [EventRule], options: EventOptions, clock: LocalClock, now: Date) {
        self.forecast = forecast
        self.rules = rules
        self.options = options
        self.clock = clock
        self.phrases = options.language.phrases
        self.figures = Figures(units: options.units, language: options.language)
        self.today = clock.date(at: now)
        self.earliest = options.keepsPast ? .distantPast : clock.moment(today)
        self.facts = HourFacts(forecast, clock: clock, rules: rules)
        self.credit = "\(phrases.data): \(forecast.licence.text)"
    }

    func events() -> [WeatherEvent] {
        daySummaries() + rules.flatMap(hourEvents) + sunEvents() + warningEvents()
    }

    /// `15:00`, or `Sat 15:00` where the date is not clear.
    func clockText(_ moment: Date, withDay: Bool = false) -> String {
        let civil = clock.civil(at: moment)
        return withDay ? "\(weekday(civil.date)) \(civil.clock)" : civil.clock
    }

    func weekday(_ date: CivilDate) -> String { phrases.weekdays[date.weekday - 1] }

    func withIcon(_ icon: String?, _ title: String) -> String {
        guard options.icons, let icon else { return title }
        return "\(icon) \(title)"
    }
}
