import Synchronization

/// What was read from the store, remembered until the store says that something changed.
///
/// Bounded: when it is full it starts anew, which costs one read for each entry that is asked for again.
final class GenerationCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var generation: UInt64?
        var values: [Key: Value] = [:]
    }

    private let state = Mutex(State())
    private let countMax: Int

    init(countMax: Int) { self.countMax = countMax }

    /// The value remembered at this very generation.
    func value(for key: Key, at generation: UInt64) -> Value? {
        state.withLock { $0.generation == generation ? $0.values[key] : nil }
    }

    func removeAll() { state.withLock { $0.values.removeAll() } }

    /// Remembers what was read.
    ///
    /// - Parameter generation: as it was *before* the reading began, so that a change meanwhile is not
    /// missed.
    func remember(_ value: Value, for key: Key, at generation: UInt64) {
        state.withLock { state in
            if state.generation != generation || state.values.count >= countMax {
                state.values.removeAll(keepingCapacity: state.generation == generation)
                state.generation = generation
            }
            state.values[key] = value
        }
    }
}
