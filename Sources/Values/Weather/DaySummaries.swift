import FoundationEssentials

/// One civil day of a place in figures: from its hours where they cover it, else as the source says.
package struct DaySummary: Hashable, Sendable {
    package let date: CivilDate
    /// °C.
    package let low, high: Double?
    /// %.
    package let humidity: Double?
    /// mm; snow as it lies.
    package let rain, snow: Double?
    /// %.
    package let chance: Double?
    /// m/s.
    package let wind, gust: Double?
    package let uvIndex: Double?
    package let sky: Sky?
    package let words: String?
}

extension Forecast {
    /// The civil days the forecast speaks of, in order.
    ///
    /// A day needs figures of the source, or hours for at least half of it; `partial` days, such as today,
    /// need one hour.
    package func days(clock: LocalClock, partial: Set<CivilDate> = []) -> [DaySummary] {
        let own = Dictionary(days.map { ($0.date, $0) }, uniquingKeysWith: { first, _ in first })
        var dates = Set(own.keys)
        if hours.count > 0 {
            let first = clock.date(at: hours.start).number
            let last = clock.date(at: hours.start(of: hours.count - 1)).number
            for number in first...last { dates.insert(CivilDate(number: number)) }
        }
        return dates.sorted().compactMap { date in
            let interval = clock.interval(of: date)
            let whole = Int((interval.upperBound.timeIntervalSince(interval.lowerBound) / 3600).rounded())
            let reader = DayReader(hours: hours, indices: hours.indices(in: interval), whole: whole)
            let known = reader.known(.temperature)
            guard own[date] != nil || known * 2 >= whole || (known > 0 && partial.contains(date)) else {
                return nil
            }
            return reader.summary(date, own[date])
        }
    }
}

/// Reads the hours of one civil day.
private struct DayReader {
    let hours: HourTable
    let indices: Range<Int>
    /// How many hours the day has.
    let whole: Int

    func known(_ quantity: Quantity) -> Int { hours.figures(quantity, in: indices).count }

    /// The figure of the hours when all of them are known, else the source's, else that of the hours there
    /// are.
    private func figure(
        _ quantity: Quantity, _ own: Double?, _ derive: (HourFigures) -> Double
    ) -> Double? {
        let figures = hours.figures(quantity, in: indices)
        let derived = figures.count > 0 ? derive(figures) : nil
        return figures.count >= whole ? derived : own ?? derived
    }

    func summary(_ date: CivilDate, _ own: DayFigures?) -> DaySummary {
        let skies = indices.compactMap { hours.sky[$0] }
        let worst = skies.max { $0.weight < $1.weight }
        return DaySummary(
            date: date,
            low: figure(.temperature, own?.low, \.low), high: figure(.temperature, own?.high, \.high),
            humidity: figure(.humidity, own?.humidity, \.mean),
            rain: figure(.rain, own?.rain, \.sum), snow: figure(.snow, own?.snow, \.sum),
            chance: figure(.chance, own?.chance, \.high),
            wind: figure(.wind, own?.wind, \.high), gust: figure(.gust, own?.gust, \.high),
            uvIndex: figure(.uvIndex, own?.uvIndex, \.high),
            sky: skies.count >= whole ? worst : own?.sky ?? worst, words: own?.words)
    }
}

extension EventMaker {
    /// The summaries of the days from today on.
    func daySummaries() -> [WeatherEvent] {
        guard options.day != .none else { return [] }
        let text = options.dayTitle ?? phrases.dayTitle
        guard let template = try? TitleTemplate(text, words: TitleTemplate.dayWords) else { return [] }
        let days = forecast.days(clock: clock, partial: [today]).filter { day in
            options.keepsPast || day.date >= today
        }
        return days.prefix(options.daysMax).map { dayEvent($0, template) }
    }

    private func dayEvent(_ day: DaySummary, _ template: TitleTemplate) -> WeatherEvent {
        let sun = sunTimes(of: day.date)
        let title = template.filled(isLong: true) { dayWord($0, day, sun) }
        let start: Date
        let end: Date
        let form: WeatherEvent.Form
        switch options.day {
        case .at(let minuteOfDay, let minutes):
            start = clock.moment(day.date, minuteOfDay: minuteOfDay)
            end = start.addingTimeInterval(Double(max(1, minutes)) * 60)
            form = .local
        case .allDay, .none:
            start = clock.interval(of: day.date).lowerBound
            end = clock.interval(of: day.date).upperBound
            form = .allDay(day.date, before: day.date.adding(days: 1))
        }
        return WeatherEvent(
            kind: .day, rule: .day, seed: "day-\(day.date.compact)", start: start, end: end, form: form,
            title: withIcon(day.sky?.icon, title), lines: dayLines(day, sun) + [credit],
            icon: day.sky?.icon, category: phrases.name(of: "day"), color: .skyblue,
            alarmMinutes: options.dayAlarmMinutes, calendar: "day")
    }

    private func dayWord(_ word: String, _ day: DaySummary, _ sun: SunTimes.Day) -> String? {
        let temperature = { (value: Double?) in
            value.map { figures.number(units.temperature.shown($0), places: 0) }
        }
        switch word {
        case "low": return temperature(day.low)
        case "high": return temperature(day.high)
        case "degree": return units.temperature.letter
        case "humidity": return day.humidity.map { figures.number($0, places: 0) }
        case "rain": return day.rain.map(figures.rainNumber)
        case "snow": return day.snow.map(figures.snowNumber)
        case "conditions": return conditions(day)
        case "wind": return day.wind.map(figures.speed)
        case "gust": return day.gust.map(figures.speed)
        case "uv": return day.uvIndex.map { figures.number($0, places: 0) }
        case "chance": return day.chance.map { figures.number($0, places: 0) }
        case "place": return forecast.place.name.onOneLine
        case "weekday": return weekday(day.date)
        case "sunrise", "sunset":
            guard case .risesAndSets(let rise, let set) = sun else { return nil }
            return clockText(word == "sunrise" ? rise : set)
        default: return nil
        }
    }

    private var units: Units { options.units }

    /// The source's own words where they are of the reader's language (sources are asked in English).
    private func conditions(_ day: DaySummary) -> String? {
        if options.language == .english, let words = day.words { return words }
        return day.sky.map { phrases.word(for: $0) } ?? day.words
    }

    private func dayLines(_ day: DaySummary, _ sun: SunTimes.Day) -> [String] {
        var lines: [String] = []
        if let low = day.low, let high = day.high {
            lines.append(
                "\(phrases.temperature) \(figures.temperature(low)) \(phrases.to) \(figures.temperature(high))"
            )
        }
        var water = [
            day.rain.map { "\(phrases.rain) \(figures.rain($0))" },
            day.snow.flatMap { $0 > 0 ? "\(phrases.snow) \(figures.snow($0))" : nil },
        ].compactMap(\.self)
        if !water.isEmpty, let chance = day.chance {
            water.append("\(phrases.chance) \(figures.number(chance, places: 0)) %")
        }
        if !water.isEmpty { lines.append(water.joined(separator: ", ")) }
        if let wind = day.wind {
            let gusts = day.gust.map { ", \(phrases.gusts) \(figures.speed($0))" } ?? ""
            lines.append("\(phrases.wind) \(phrases.upTo) \(figures.speed(wind))\(gusts)")
        }
        if let uvIndex = day.uvIndex {
            lines.append("\(phrases.uvIndex) \(figures.number(uvIndex, places: 0))")
        }
        if case .risesAndSets(let rise, let set) = sun {
            lines.append(
                "\(phrases.sunrise) \(clockText(rise)), \(phrases.sunset.lowercasedFirst(in: options.language)) \(clockText(set))"
            )
        }
        return lines
    }
}

extension String {
    /// For a word that is not the first of its line; German keeps its capitals.
    fileprivate func lowercasedFirst(in language: Language) -> String {
        language == .english ? lowercased() : self
    }
}
