import Synchronization

/// Counts the requests under way, so that a crowd is told to come back instead of being served by nobody.
final class RequestTable: Sendable {
    private let count = Mutex(0)
    private let countMax: Int

    init(countMax: Int) { self.countMax = countMax }

    /// Held as long as a request is under way.
    final class Place: Sendable {
        private let table: RequestTable

        fileprivate init(_ table: RequestTable) { self.table = table }

        deinit { table.count.withLock { $0 -= 1 } }
    }

    /// A place for one more request; nil when there is none.
    func enter() -> Place? {
        let isAdmitted = count.withLock { count in
            guard count < countMax else { return false }
            count += 1
            return true
        }
        return isAdmitted ? Place(self) : nil
    }
}
