package import FoundationEssentials

/// Says when a calendar on a server is to be brought up to date: every few hours, and sooner when the
/// forecast has changed, yet not more often than is polite.
package struct PushClock: Hashable, Sendable {
    /// Seconds from one run to the next when nothing changes.
    package let every: TimeInterval
    /// Seconds that a run waits at least after the one before, also when the forecast changes all the time.
    package let pause: TimeInterval
    private var last: Run?

    private struct Run: Hashable, Sendable {
        let at: Date
        /// Which forecast was written.
        let changed: Date
        let isDone: Bool
        /// Makes the waits of this round a little longer or shorter, so that programs do not come at once.
        let stretch: Double
    }

    package init(every: TimeInterval = 3 * 3600, pause: TimeInterval = 3600) {
        precondition(every > 0 && pause > 0)
        self.every = every
        self.pause = pause
    }

    /// Whether it is time.
    ///
    /// - Parameter changed: when what the forecast tells last changed.
    package func isDue(at now: Date, changed: Date) -> Bool {
        guard let last else { return true }
        let waited = now.timeIntervalSince(last.at)
        // A clock that was set back must not keep a calendar from ever being written.
        guard waited >= 0 else { return true }
        let hasNews = changed != last.changed || !last.isDone
        return waited >= (hasNews ? min(pause, every) : every) * last.stretch
    }

    /// Notes a run.
    ///
    /// - Parameters:
    ///   - isDone: whether everything was written; what was not is tried again as soon as is polite.
    ///   - chance: a random number from 0 to 1.
    package mutating func ran(at now: Date, changed: Date, isDone: Bool, chance: Double) {
        last = Run(at: now, changed: changed, isDone: isDone, stretch: 0.95 + chance / 10)
    }
}
