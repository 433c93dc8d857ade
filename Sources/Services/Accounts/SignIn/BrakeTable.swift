import FoundationEssentials

/// Failures per key, with a wait that doubles from one to the next. Bounded.
struct BrakeTable<Key: Hashable & Sendable>: Sendable {
    private struct Entry {
        var failures: Int
        var blockedUntil: Date
        var forgottenAt: Date
    }

    private let limit: GuessingBrake.Limit
    private let memory: TimeInterval
    private let countMax: Int
    private var entries: [Key: Entry] = [:]

    init(_ limit: GuessingBrake.Limit, memory: TimeInterval, countMax: Int) {
        self.limit = limit
        self.memory = memory
        self.countMax = countMax
    }

    var count: Int { entries.count }

    /// Seconds until the next attempt is let through; 0 for now.
    func wait(for key: Key, at moment: Date) -> TimeInterval {
        guard let entry = entries[key], entry.forgottenAt > moment else { return 0 }
        return max(0, entry.blockedUntil.timeIntervalSince(moment))
    }

    mutating func addFailure(_ key: Key, at moment: Date) {
        if entries[key] == nil, entries.count >= countMax { makeRoom(at: moment) }
        var failures = 1
        if let entry = entries[key], entry.forgottenAt > moment { failures += entry.failures }
        let wait = limit.wait(after: failures)
        entries[key] = Entry(
            failures: failures, blockedUntil: moment.addingTimeInterval(wait),
            forgottenAt: moment.addingTimeInterval(wait + memory))
    }

    /// Takes back one failure that turned out to be none.
    mutating func takeBack(_ key: Key) {
        guard var entry = entries[key] else { return }
        let excess = limit.wait(after: entry.failures) - limit.wait(after: entry.failures - 1)
        entry.failures -= 1
        entry.blockedUntil = entry.blockedUntil.addingTimeInterval(-excess)
        entries[key] = entry.failures > 0 ? entry : nil
    }

    mutating func forget(_ key: Key) { entries[key] = nil }

    /// Drops what is forgotten anyway; if that is not enough, an eighth of the table: those with the fewest
    /// failures, so that a flood of new names does not free one that is being guessed.
    private mutating func makeRoom(at moment: Date) {
        entries = entries.filter { $0.value.forgottenAt > moment }
        guard entries.count >= countMax else { return }
        let weakest = entries.sorted {
            ($0.value.failures, $0.value.forgottenAt) < ($1.value.failures, $1.value.forgottenAt)
        }
        for (key, _) in weakest.prefix(max(1, countMax / 8)) { entries[key] = nil }
    }
}
