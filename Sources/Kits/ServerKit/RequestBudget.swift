import Synchronization

/// How much each of many may ask in a minute: at most so much at once, and then as fast as it comes back.
///
/// A moment is kept for each, up to which what it has asked is spread out (the generic cell rate algorithm).
/// Bounded: when there are too many, those who asked least lately are forgotten, to their advantage.
package final class RequestBudget<Key: Hashable & Sendable>: Sendable {
    private let interval: Duration
    private let countMax: Int
    private let moments = Mutex<[Key: ContinuousClock.Instant]>([:])

    package init(perMinute: Int, countMax: Int = 50_000) {
        precondition(perMinute > 0)
        self.interval = .seconds(60) / perMinute
        self.countMax = countMax
    }

    /// Takes one request; nil when it is within the budget, else after how many seconds the next one is.
    package func take(_ key: Key, at now: ContinuousClock.Instant = .now) -> Int? {
        moments.withLock { moments in
            if moments[key] == nil, moments.count >= countMax { makeRoom(&moments, now) }
            let next = max(now, moments[key] ?? now) + interval
            let excess = next - now - .seconds(60)
            guard excess > .zero else {
                moments[key] = next
                return nil
            }
            return max(1, Int((excess / .seconds(1)).rounded(.up)))
        }
    }

    private func makeRoom(_ moments: inout [Key: ContinuousClock.Instant], _ now: ContinuousClock.Instant) {
        moments = moments.filter { $0.value > now }
        guard moments.count >= countMax else { return }
        for (key, _) in moments.sorted(by: { $0.value < $1.value }).prefix(max(1, countMax / 8)) {
            moments[key] = nil
        }
    }
}
