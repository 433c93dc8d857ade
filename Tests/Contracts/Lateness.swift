/// By how much this process comes too late to anything while something is measured in it, since others have the processor.
///
/// Whoever waits for several things one after the other is late for each of them, so all the time is added up by which a
/// task comes late that wakes again and again.
package struct Lateness: Sendable {
    private let task: Task<Duration, Never>
    private static let step = Duration.milliseconds(20)

    /// Begins to measure.
    package init() {
        task = Task {
            let clock = ContinuousClock()
            var total = Duration.zero
            while !Task.isCancelled {
                let due = clock.now + Self.step
                guard (try? await clock.sleep(until: due)) != nil else { break }
                total += clock.now - due
            }
            return total
        }
    }

    /// How late it was since then.
    package func taken() async -> Duration {
        task.cancel()
        return await task.value
    }
}
