import Logging
import ServerKit
import Synchronization

/// Looks into the shared log for whoever has to know the newest state. Those who ask while a look is under way share
/// the next one: what was acknowledged to anybody before they asked is seen by then.
final class Follower: Sendable {
    private struct State {
        var isLooking = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let replica: Replica
    private let writes: WriteQueue
    /// One look at a time.
    private let threads = BlockingThreads(count: 1, queueMax: 4)
    /// For what takes long.
    let upkeep = BlockingThreads(count: 1, queueMax: 4)
    private let state = Mutex(State())

    init(_ replica: Replica, _ writes: WriteQueue) {
        self.replica = replica
        self.writes = writes
    }

    /// Returns when everything is known that was acknowledged before the call, or when the log does not answer;
    /// `Replica.trouble` says which.
    func catchUp() async {
        await withCheckedContinuation { continuation in
            let begins = state.withLock { state in
                state.waiting.append(continuation)
                defer { state.isLooking = true }
                return !state.isLooking
            }
            if begins { Task { await work() } }
        }
    }

    private func work() async {
        while let group = next() {
            do {
                let isBehind = try await threads.run { [replica] in try replica.isBehind() }
                if isBehind { try await writes.catchUp() }
            } catch {
                Logger(label: "homeport.facts").debug("the log was not seen", metadata: ["error": "\(error)"])
            }
            for waiter in group { waiter.resume() }
        }
    }

    private func next() -> [CheckedContinuation<Void, Never>]? {
        state.withLock { state in
            defer { state.waiting = [] }
            state.isLooking = !state.waiting.isEmpty
            return state.isLooking ? state.waiting : nil
        }
    }
}
