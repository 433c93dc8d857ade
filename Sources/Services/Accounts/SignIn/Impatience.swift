import Synchronization

/// Waits for somebody else, but not for ever.
enum Impatience {
    /// What `body` comes to, or `late` when the time is over. It is not stopped then; what it does has an end of
    /// its own.
    static func value<Value: Sendable>(
        within time: Duration, or late: Value, _ body: @Sendable @escaping () async -> Value
    ) async -> Value {
        let race = Race()
        return await withCheckedContinuation { continuation in
            let clock = Task {
                guard (try? await ContinuousClock().sleep(for: time)) != nil else { return }
                if race.isFirst() { continuation.resume(returning: late) }
            }
            Task {
                let value = await body()
                guard race.isFirst() else { return }
                clock.cancel()
                continuation.resume(returning: value)
            }
        }
    }
}

/// Says once that one is the first.
private final class Race: Sendable {
    private let isOver = Mutex(false)

    func isFirst() -> Bool {
        isOver.withLock { isOver in
            defer { isOver = true }
            return !isOver
        }
    }
}
