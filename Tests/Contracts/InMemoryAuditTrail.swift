package import Audit
package import FoundationEssentials
package import ServerKit
import Synchronization

/// The trail in memory: the double that passes `checkAuditTrailContract`.
package final class InMemoryAuditTrail: AuditTrail {
    private struct State {
        var entries: [AuditEntry] = []
        var lastID: Int64 = 0
        var failure: StoreError?
    }

    private let state = Mutex(State())

    package init() {}

    /// From now on every call throws this; nil ends it.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    package func record(_ events: [AuditEvent]) async throws(StoreError) {
        try access { state in
            for event in events {
                state.lastID += 1
                state.entries.append(AuditEntry(id: state.lastID, event: event))
            }
        }
    }

    package func entries(_ filter: AuditFilter, after last: AuditEntry?, limit: Int)
        async throws(StoreError) -> [AuditEntry]
    {
        try access { state in
            func place(_ entry: AuditEntry) -> (Date, Int64) { (entry.event.at, entry.id) }
            let found = state.entries.filter { entry in
                filter.lets(entry.event) && last.map { place(entry) < place($0) } ?? true
            }
            return Array(found.sorted { place($0) > place($1) }.prefix(limit))
        }
    }

    package func forget(before moment: Date, keeping count: Int, limit: Int) async throws(StoreError) -> Int {
        try access { state in
            let newest = state.lastID - Int64(count)
            let old = Set(
                state.entries.filter { $0.event.at < moment || $0.id <= newest }.map(\.id).sorted()
                    .prefix(limit))
            state.entries.removeAll { old.contains($0.id) }
            return old.count
        }
    }

    private func access<Value: Sendable>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = state.withLock { state in
            state.failure.map { .failure($0) } ?? .success(body(&state))
        }
        return try result.get()
    }
}

extension AuditFilter {
    fileprivate func lets(_ event: AuditEvent) -> Bool {
        (account.map { $0 == event.account } ?? true) && (action.map { $0 == event.action } ?? true)
            && (subject.map { $0 == event.subject } ?? true) && (since.map { $0 <= event.at } ?? true)
            && (until.map { event.at <= $0 } ?? true)
    }
}
