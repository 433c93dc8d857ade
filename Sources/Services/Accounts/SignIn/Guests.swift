import Access
import FoundationEssentials
import Synchronization

/// Those whom a source has signed in, for as long as a token of theirs can live: a registry asks again for their
/// labels when they come with it.
///
/// It lies in memory alone: after a restart they sign in anew, which clients do by themselves.
final class Guests: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var known: [AccountName: (record: Standing.Record, end: Date)] = [:]

        /// Forgets everybody when a source has changed since.
        mutating func forget(unless current: UInt64) {
            guard generation != current else { return }
            generation = current
            known.removeAll()
        }
    }

    private final class Memory: Sendable {
        let state = Mutex(State())
    }

    let sources: [any SignInSource]
    private let lifetime: TimeInterval
    private let countMax: Int
    /// Whether anybody can be known here.
    private let isOpen: Bool
    private let memory: Memory

    /// - Parameters:
    ///   - lifetime: for how many seconds after a sign-in somebody is known.
    ///   - isOpen: whether somebody can be known without a source.
    ///   - predecessor: those whom it knows are known here, if the sources are the very same.
    init(
        sources: [any SignInSource], lifetime: TimeInterval, isOpen: Bool = false, countMax: Int = 10_000,
        succeeding predecessor: Guests? = nil
    ) {
        self.isOpen = isOpen || !sources.isEmpty
        self.sources = sources
        self.lifetime = lifetime
        self.countMax = countMax
        let isSame = predecessor?.sources.elementsEqual(sources) { $0 as AnyObject === $1 as AnyObject }
        self.memory = isSame == true ? predecessor?.memory ?? Memory() : Memory()
    }

    /// Moves when any source has changed what it says.
    var generation: UInt64 { sources.reduce(0) { $0 &+ $1.generation } }

    func remember(_ account: Account, at moment: Date) {
        let generation = generation
        memory.state.withLock { state in
            state.forget(unless: generation)
            if state.known.count >= countMax, state.known[account.name] == nil {
                state.known = state.known.filter { $0.value.end > moment }
                let oldest =
                    state.known.count >= countMax ? state.known.min { $0.value.end < $1.value.end } : nil
                if let oldest { state.known[oldest.key] = nil }
            }
            state.known[account.name] = (Standing.Record(account), moment.addingTimeInterval(lifetime))
        }
    }

    func record(of name: AccountName, at moment: Date) -> Standing.Record? {
        guard isOpen else { return nil }
        let generation = generation
        return memory.state.withLock { state in
            state.forget(unless: generation)
            return state.known[name].flatMap { $0.end > moment ? $0.record : nil }
        }
    }
}
