import FoundationEssentials

/// What rules ask about an hour besides the numbers of the forecast.
struct HourFacts {
    let hours: HourTable
    let civil: [CivilTime]
    /// Whether the sun is up at the middle of each hour; empty when no rule asks.
    let daylight: [Bool]

    init(_ forecast: Forecast, clock: LocalClock, rules: [EventRule]) {
        let hours = forecast.hours
        self.hours = hours
        self.civil = (0..<hours.count).map { clock.civil(at: hours.start(of: $0)) }
        guard rules.contains(where: \.when.asksForDaylight) else {
            self.daylight = []
            return
        }
        let sun = SunTimes(latitude: forecast.place.latitude, longitude: forecast.place.longitude)
        self.daylight = (0..<hours.count).map { sun.isUp(at: hours.start(of: $0).addingTimeInterval(1800)) }
    }

    func value(_ subject: Comparison.Subject, at index: Int) -> Double? {
        switch subject {
        case .quantity(let quantity): return hours[quantity, index]
        case .spread:
            guard let temperature = hours[.temperature, index], let dewPoint = hours[.dewPoint, index]
            else { return nil }
            return temperature - dewPoint
        }
    }

    func holds(_ predicate: Predicate, at index: Int, hasBegun: Bool) -> Bool {
        switch predicate {
        case .compare(let comparison):
            comparison.holds(value(comparison.subject, at: index), hasBegun: hasBegun)
        case .unknown(let quantity): hours[quantity, index] == nil
        case .sky(let words): hours.sky[index].map(words.contains) ?? false
        case .daylight(let wanted): daylight[index] == wanted
        case .hoursOfDay(let wanted): wanted.contains(civil[index].hour)
        case .all(let parts): parts.allSatisfy { holds($0, at: index, hasBegun: hasBegun) }
        case .any(let parts): parts.contains { holds($0, at: index, hasBegun: hasBegun) }
        }
    }

    /// The stretches of hours in which a rule holds: merged, bridged, long enough.
    func runs(of rule: EventRule) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var index = 0
        while index < hours.count {
            guard holds(rule.when, at: index, hasBegun: false) else {
                index += 1
                continue
            }
            let start = index
            while index < hours.count, holds(rule.when, at: index, hasBegun: true) || index == start {
                index += 1
            }
            if let last = runs.last, start - last.upperBound <= rule.bridgeHours {
                runs[runs.count - 1] = last.lowerBound..<index
            } else {
                runs.append(start..<index)
            }
        }
        return runs.filter { $0.count >= rule.minimumHours }
    }
}

extension Predicate {
    fileprivate var asksForDaylight: Bool {
        switch self {
        case .daylight: true
        case .all(let parts), .any(let parts): parts.contains(where: \.asksForDaylight)
        case .compare, .unknown, .sky, .hoursOfDay: false
        }
    }
}
