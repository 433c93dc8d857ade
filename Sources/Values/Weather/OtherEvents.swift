import FoundationEssentials

extension EventMaker {
    /// The sun of a civil day: as the source says, else computed.
    func sunTimes(of date: CivilDate) -> SunTimes.Day {
        if let own = forecast.days.first(where: { $0.date == date }), let rise = own.sunrise,
            let set = own.sunset
        {
            return .risesAndSets(rise: rise, set: set)
        }
        let sun = SunTimes(latitude: forecast.place.latitude, longitude: forecast.place.longitude)
        return sun.day(around: clock.moment(date, minuteOfDay: 12 * 60))
    }

    /// Sunrise and sunset of every day the forecast covers.
    func sunEvents() -> [WeatherEvent] {
        guard options.sun, forecast.hours.count > 0 else { return [] }
        let last = clock.date(at: forecast.hours.start(of: forecast.hours.count - 1))
        guard last >= today else { return [] }
        return (today.number...last.number).flatMap { number -> [WeatherEvent] in
            let date = CivilDate(number: number)
            guard case .risesAndSets(let rise, let set) = sunTimes(of: date) else { return [] }
            return [
                sunEvent(.sunrise, rise, date, title: phrases.sunrise, icon: "🌅"),
                sunEvent(.sunset, set, date, title: phrases.sunset, icon: "🌇"),
            ]
        }
    }

    private func sunEvent(
        _ kind: WeatherEvent.Kind, _ moment: Date, _ date: CivilDate, title: String, icon: String
    ) -> WeatherEvent {
        // To the minute: seconds that come and go with a new forecast are nothing to tell a calendar.
        let start = Date(timeIntervalSince1970: (moment.timeIntervalSince1970 / 60).rounded() * 60)
        return WeatherEvent(
            kind: kind, rule: kind == .sunrise ? .sunrise : .sunset, seed: "\(kind.rawValue)-\(date.compact)",
            start: start, end: start.addingTimeInterval(300), form: .utc,
            title: withIcon(icon, "\(title) \(clockText(start))"), lines: [], icon: icon,
            category: phrases.name(of: "sun"), color: .gold, calendar: "sun")
    }

    /// The warnings in force from today on.
    func warningEvents() -> [WeatherEvent] {
        guard let least = options.warnings else { return [] }
        var seen: Set<String> = []
        return forecast.warnings.compactMap { warning in
            let seed = "warning-\(Fingerprint.of(warning.id).hex)"
            guard
                warning.severity >= least, warning.end > earliest, warning.end > warning.start,
                seen.insert(seed).inserted
            else { return nil }
            return warningEvent(warning, seed: seed)
        }
    }

    private func warningEvent(_ warning: Warning, seed: String) -> WeatherEvent {
        let text = warning.text(in: options.language)
        let icon = warning.severity >= .severe ? "🚨" : "⚠️"
        let severity = warning.severity == .unknown ? "" : " (\(phrases.severity[warning.severity] ?? ""))"
        let lines = [text.headline, text.details, text.instruction, "\(phrases.issuedBy) \(warning.issuer)"]
        return WeatherEvent(
            kind: .warning, rule: .warning, seed: seed, start: warning.start, end: warning.end, form: .utc,
            title: withIcon(icon, "\(phrases.warning): \(text.event)\(severity)"),
            lines: lines.compactMap(\.self).flatMap {
                $0.split(whereSeparator: \.isNewline).map(String.init)
            },
            icon: icon, category: phrases.name(of: "warning"), color: .crimson, severity: warning.severity,
            url: warning.url, calendar: "warnings")
    }
}
