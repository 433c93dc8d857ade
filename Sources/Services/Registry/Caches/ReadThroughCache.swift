import Synchronization

/// Answers from memory what was asked before, until it may have changed.
///
/// A value that was loaded while something changed is handed out but not kept, so that a read that crosses a
/// write never brings the old value back.
final class ReadThroughCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var entries: TwoAgeMap<Key, Value>
        var generation: UInt64
        /// Counts what was removed, each time.
        var changes: UInt64 = 0
    }

    private let state: Mutex<State>
    private let generation: @Sendable () -> UInt64
    private let metrics: CacheMetrics

    /// - Parameter generation: another number than before when something outside this process may have
    ///   changed; everything is forgotten then.
    init(_ name: String, costMax: Int, generation: @Sendable @escaping () -> UInt64) {
        self.metrics = CacheMetrics(name)
        self.state = Mutex(State(entries: TwoAgeMap(costMax: costMax), generation: generation()))
        self.generation = generation
    }

    /// The value of a key, loaded when it is not known. What is not there is not remembered.
    ///
    /// - Parameter cost: what keeping a value costs.
    func value(
        for key: Key, cost: (Value) -> Int = { _ in 1 }, load: () async throws -> Value?
    ) async throws -> Value? {
        let current = generation()
        let (known, changes) = state.withLock { state in
            if state.generation != current {
                state.entries.removeAll()
                state.generation = current
                state.changes += 1
            }
            return (state.entries.value(for: key), state.changes)
        }
        metrics.count(isHit: known != nil)
        if let known { return known }
        guard let loaded = try await load() else { return nil }
        let price = cost(loaded)
        let isCurrent = generation() == current
        state.withLock { state in
            guard isCurrent, state.generation == current, state.changes == changes else { return }
            state.entries.insert(loaded, for: key, cost: price)
        }
        return loaded
    }

    /// To be called after the change is durable and before anybody is told of it.
    func remove(_ key: Key) {
        state.withLock { state in
            state.changes += 1
            state.entries.remove(key)
        }
    }

    func removeAll() {
        state.withLock { state in
            state.changes += 1
            state.entries.removeAll()
        }
    }
}
