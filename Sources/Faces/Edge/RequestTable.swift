import Synchronization

/// Counts the requests under way, so that a crowd is told to come back instead of being served by nobody.
final class RequestTable: Sendable {
    private struct State {
        var count = 0
        var countMax: Int
    }

    private let state: Mutex<State>

    init(countMax: Int) { state = Mutex(State(countMax: countMax)) }

    /// Counts for requests from now on.
    func use(countMax: Int) { state.withLock { $0.countMax = countMax } }

    /// Held as long as a request is under way.
    final class Place: Sendable {
        private let table: RequestTable

        fileprivate init(_ table: RequestTable) { self.table = table }

        deinit { table.state.withLock { $0.count -= 1 } }
    }

    /// A place for one more request; nil when there is none.
    func enter() -> Place? {
        let isAdmitted = state.withLock { state in
            guard state.count < state.countMax else { return false }
            state.count += 1
            return true
        }
        return isAdmitted ? Place(self) : nil
    }
}
