import FoundationEssentials

extension EventMaker {
    /// The events of one rule.
    func hourEvents(_ rule: EventRule) -> [WeatherEvent] {
        let horizon = clock.moment(today.adding(days: rule.horizonDays + 1))
        guard let template = template(of: rule) else { return [] }
        var ordinals: [CivilDate: Int] = [:]
        return facts.runs(of: rule).compactMap { run in
            let hours = forecast.hours
            // The ordinal counts all runs of a date, so that it does not move when an event of it is over.
            let date = facts.civil[run.lowerBound].date
            ordinals[date, default: 0] += 1
            guard hours.end(of: run.upperBound - 1) > earliest, hours.start(of: run.lowerBound) < horizon
            else { return nil }
            return hourEvent(rule, run, template, seed: "\(rule.id)-\(date.compact)-\(ordinals[date] ?? 1)")
        }
    }

    private func template(of rule: EventRule) -> TitleTemplate? {
        let text = rule.title ?? phrases.titles[rule.id.description] ?? "{name} {peak}"
        return try? TitleTemplate(text, words: TitleTemplate.hourWords)
    }

    private func hourEvent(
        _ rule: EventRule, _ run: Range<Int>, _ template: TitleTemplate, seed: String
    ) -> WeatherEvent {
        let hours = forecast.hours
        let peak = extreme(of: rule.shows, rule.extreme, in: run)
        let sum = rule.shows.isSum ? total(of: rule.shows, in: run) : nil
        let title = template.filled(isLong: run.count > 1) { word in
            hourWord(word, rule, run, peak: peak, sum: sum)
        }
        let name = rule.name ?? phrases.name(of: rule.id.description)
        return WeatherEvent(
            kind: rule.isWindow ? .window : .hours, rule: rule.id, seed: seed,
            start: hours.start(of: run.lowerBound), end: hours.end(of: run.upperBound - 1), form: .utc,
            title: withIcon(rule.icon, title),
            lines: hourLines(rule.shows, run) + [credit], icon: rule.icon,
            category: rule.category == rule.id.description ? name : phrases.name(of: rule.category),
            color: rule.color, alarmMinutes: rule.alarmMinutes, peak: peak, sum: sum,
            calendar: rule.calendar)
    }

    private func hourWord(
        _ word: String, _ rule: EventRule, _ run: Range<Int>, peak: WeatherEvent.Measure?,
        sum: WeatherEvent.Measure?
    ) -> String? {
        let hours = forecast.hours
        let show = { (measure: WeatherEvent.Measure?, isRate: Bool) in
            measure.map { figures.text($0.value, of: $0.quantity, isRate: isRate) }
        }
        switch word {
        case "name": return rule.name ?? phrases.name(of: rule.id.description)
        case "peak": return show(peak, rule.shows.isSum)
        case "sum": return show(sum ?? peak, false)
        case "low": return show(extreme(of: rule.shows, .lowest, in: run), false)
        case "high": return show(extreme(of: rule.shows, .highest, in: run), false)
        case "at": return peak?.at.map { clockText($0) }
        case "from": return clockText(hours.start(of: run.lowerBound))
        case "to": return clockText(hours.end(of: run.upperBound - 1))
        case "hours": return String(run.count)
        case "place": return forecast.place.name.onOneLine
        default: return nil
        }
    }

    /// The peak is that of what is shown: of hours that look the same, the first.
    func extreme(
        of quantity: Quantity, _ extreme: EventRule.Extreme, in run: Range<Int>
    ) -> WeatherEvent.Measure? {
        var best: (value: Double, index: Int)?
        for index in run {
            guard let value = forecast.hours[quantity, index] else { continue }
            let isBetter = best.map { extreme == .highest ? value > $0.value : value < $0.value } ?? true
            if isBetter { best = (value, index) }
        }
        return best.map {
            WeatherEvent.Measure(
                quantity: quantity, value: $0.value, at: forecast.hours.start(of: $0.index))
        }
    }

    func total(of quantity: Quantity, in run: Range<Int>) -> WeatherEvent.Measure? {
        let figures = forecast.hours.figures(quantity, in: run)
        return figures.count > 0 ? WeatherEvent.Measure(quantity: quantity, value: figures.sum) : nil
    }

    /// One line per step of the source: `15:00 2.1 mm, 80 %`.
    private func hourLines(_ quantity: Quantity, _ run: Range<Int>) -> [String] {
        let severalDays = facts.civil[run.lowerBound].date != facts.civil[run.upperBound - 1].date
        var lines: [String] = []
        lines.reserveCapacity(run.count + 1)
        var index = run.lowerBound
        while index < run.upperBound {
            let block = max(1, Int(forecast.hours.blockHours[index]))
            let end = min(index + block, run.upperBound)
            let civil = facts.civil[index]
            var line = severalDays ? "\(weekday(civil.date)) \(civil.clock)" : civil.clock
            if block > 1 { line += "–\(clockText(forecast.hours.start(of: end)))" }
            add(quantity, index..<end, to: &line)
            lines.append(line)
            index = end
        }
        return lines
    }

    /// Adds the value of a step to its line, and what goes with it.
    private func add(_ quantity: Quantity, _ block: Range<Int>, to line: inout String) {
        let value =
            quantity.isSum
            ? total(of: quantity, in: block)?.value : forecast.hours[quantity, block.lowerBound]
        line += " "
        line += value.map { figures.text($0, of: quantity) } ?? phrases.unknown
        let companion: Quantity
        switch quantity {
        case .rain, .snow, .precipitation: companion = .chance
        case .wind: companion = .gust
        case .humidity: companion = .temperature
        default: return
        }
        guard let value = forecast.hours[companion, block.lowerBound] else { return }
        line += companion == .gust ? ", \(phrases.gusts) " : ", "
        line += figures.text(value, of: companion)
    }
}
