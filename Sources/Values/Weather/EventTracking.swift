package import FoundationEssentials

extension EventHistory {
    /// What is told now, each thing under the identifier it had before.
    ///
    /// Hours of a rule are the same thing as before when they overlap or lie at most an hour apart; of
    /// several the one that overlaps most. Days, the sun and warnings are the same when their seed is.
    /// `SEQUENCE` and the time of the change move when something visible did.
    ///
    /// - Parameter now: in whole seconds.
    package func tracking(
        _ events: [WeatherEvent], now: Date
    ) -> (events: [TrackedEvent], history: EventHistory) {
        var matcher = Matcher(entries: entries, events: events)
        let partners = matcher.partners()
        var tracked: [TrackedEvent] = []
        for (index, event) in events.enumerated() {
            let before = partners[index].map { entries[$0] }
            var event = event
            event.seed = before?.seed ?? matcher.freeSeed(for: event)
            tracked.append(Self.track(event, before, now: now))
        }
        let matched = Set(partners.compactMap(\.self))
        let old = entries.indices.filter { !matched.contains($0) }.compactMap {
            forgotten(entries[$0], now: now)
        }
        let new = tracked.map(Entry.init)
        let all = (new + old).sorted { ($0.start, $0.seed) < ($1.start, $1.seed) }
        return (tracked, EventHistory(entries: all.suffix(Self.entriesMax)))
    }

    private static func track(_ event: WeatherEvent, _ before: Entry?, now: Date) -> TrackedEvent {
        let fingerprint = event.visibleFingerprint
        guard let before else {
            return TrackedEvent(
                event: event, sequence: 0, created: now, changed: now, fingerprint: fingerprint)
        }
        let isSame = before.fingerprint == fingerprint && before.gone == nil
        return TrackedEvent(
            event: event, sequence: isSame ? before.sequence : before.sequence + 1, created: before.created,
            changed: isSame ? before.changed : now, fingerprint: fingerprint)
    }

    /// What stays in memory of an event that is not told any more.
    private func forgotten(_ entry: Entry, now: Date) -> Entry? {
        let gone = entry.gone ?? now
        guard now.timeIntervalSince(max(gone, entry.end)) < Self.remembered else { return nil }
        return Entry(
            seed: entry.seed, rule: entry.rule, start: entry.start, end: entry.end,
            fingerprint: entry.fingerprint, sequence: entry.sequence, created: entry.created,
            changed: entry.changed, gone: gone)
    }
}

extension EventHistory.Entry {
    fileprivate init(_ tracked: TrackedEvent) {
        self.init(
            seed: tracked.event.seed, rule: tracked.event.rule, start: tracked.event.start,
            end: tracked.event.end, fingerprint: tracked.fingerprint, sequence: tracked.sequence,
            created: tracked.created, changed: tracked.changed)
    }
}

/// Finds for each new event the old one that means the same thing.
private struct Matcher {
    let entries: [EventHistory.Entry]
    let events: [WeatherEvent]
    private var taken: Set<String>

    /// Hours that lie so far apart can still be the same rain.
    private static let reach: TimeInterval = 3600

    init(entries: [EventHistory.Entry], events: [WeatherEvent]) {
        self.entries = entries
        self.events = events
        self.taken = Set(entries.map(\.seed))
    }

    func partners() -> [Int?] {
        var partners = [Int?](repeating: nil, count: events.count)
        let bySeed = Dictionary(
            entries.indices.map { (entries[$0].seed, $0) }, uniquingKeysWith: { first, _ in first })
        let byRule = Dictionary(grouping: entries.indices) { entries[$0].rule }
        var candidates: [(score: Double, event: Int, entry: Int)] = []
        for (index, event) in events.enumerated() {
            guard event.kind == .hours || event.kind == .window else {
                partners[index] = bySeed[event.seed]
                continue
            }
            for entry in byRule[event.rule] ?? [] {
                if let score = Self.closeness(event, entries[entry]) {
                    candidates.append((score, index, entry))
                }
            }
        }
        var used: Set<Int> = []
        // The order of events and entries decides between equals, so that the outcome is always the same.
        for candidate in candidates.sorted(by: {
            ($1.score, $0.event, $0.entry) < ($0.score, $1.event, $1.entry)
        })
        where partners[candidate.event] == nil && !used.contains(candidate.entry) {
            partners[candidate.event] = candidate.entry
            used.insert(candidate.entry)
        }
        return partners
    }

    /// How much of the same time both take; nil when they are too far apart. What is gone comes after what is
    /// told.
    private static func closeness(_ event: WeatherEvent, _ entry: EventHistory.Entry) -> Double? {
        let start = max(event.start, entry.start)
        let overlap = min(event.end, entry.end).timeIntervalSince(start)
        guard overlap >= -reach else { return nil }
        let shift = abs(event.start.timeIntervalSince(entry.start))
        return overlap - shift / 100 - (entry.gone == nil ? 0 : 1e6)
    }

    /// The first seed of the event's date that nothing has or had.
    mutating func freeSeed(for event: WeatherEvent) -> String {
        guard event.kind == .hours || event.kind == .window, let dash = event.seed.lastIndex(of: "-") else {
            return event.seed
        }
        var ordinal = 1
        let stem = event.seed[...dash]
        while !taken.insert("\(stem)\(ordinal)").inserted { ordinal += 1 }
        return "\(stem)\(ordinal)"
    }
}

extension WeatherEvent {
    /// Made from everything a reader of the calendar can see or notice.
    package var visibleFingerprint: UInt64 {
        var print = Fingerprint()
        print.add(Int(start.timeIntervalSince1970))
        print.add(Int(end.timeIntervalSince1970))
        switch form {
        case .utc: print.add("utc")
        case .local: print.add("local")
        case .allDay(let first, let before): print.add("\(first) \(before)")
        }
        print.add(title)
        for line in lines { print.add(line) }
        print.add(category)
        print.add(color?.rawValue ?? "")
        print.add(alarmMinutes ?? -1)
        print.add(url ?? "")
        print.add(severity?.rawValue ?? -1)
        return print.value
    }
}
