package import Replication
package import ServerKit
import Synchronization

/// A shared log in memory: the double that passes `checkSharedLogContract`.
package final class InMemoryLog: SharedLog {
    private struct State {
        var origin: LogOrigin?
        var entries: [LogEntry] = []
        var snapshots: [LogSnapshot] = []
        var parts: [LogSnapshot.ID: [Int: [UInt8]]] = [:]
        var failure: StoreError?
        var failureAfterAppending: StoreError?
        var appendCount = 0
        var lookCount = 0
        var passedOver = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// From now on every call throws this; nil ends it.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    /// The next entry is added, and the call throws this all the same, as when an answer is lost.
    package func failAfterAppending(with error: StoreError) {
        state.withLock { $0.failureAfterAppending = error }
    }

    /// Somebody else is faster so many times, and leaves things as they are; who has the turn is let by.
    package func passOver(times count: Int) { state.withLock { $0.passedOver = count } }

    /// As if it had been put back to an older state.
    package func forget(after position: Int64) {
        state.withLock { $0.entries.removeAll { $0.position > position } }
    }

    package var entries: [LogEntry] { state.withLock(\.entries) }
    package var snapshots: [LogSnapshot] { state.withLock(\.snapshots) }
    /// How often something was to be added.
    package var appendCount: Int { state.withLock(\.appendCount) }
    /// How often entries were asked for.
    package var lookCount: Int { state.withLock(\.lookCount) }

    package func origin() throws(StoreError) -> LogOrigin? { try access { $0.origin } }

    package func begin(_ origin: LogOrigin) throws(StoreError) -> Bool {
        try access { state in
            guard state.origin == nil else { return false }
            state.origin = origin
            return true
        }
    }

    package func entries(after position: Int64, limit: Int) throws(StoreError) -> [LogEntry] {
        try access { state in
            state.lookCount += 1
            return Array(state.entries.drop { $0.position <= position }.prefix(limit))
        }
    }

    package func append(_ entry: LogEntry) throws(StoreError) -> Bool {
        let (isAdded, failure): (Bool, StoreError?) = try access { state in
            state.appendCount += 1
            guard (state.entries.last?.position ?? state.snapshots.last?.position ?? 0) < entry.position
            else {
                return (false, nil)
            }
            if entry.kind == .change, state.passedOver > 0, state.entries.last?.kind != .turn {
                state.passedOver -= 1
                state.entries.append(LogEntry(position: entry.position, kind: .change, schema: entry.schema))
                return (false, nil)
            }
            state.entries.append(entry)
            defer { state.failureAfterAppending = nil }
            return (true, state.failureAfterAppending)
        }
        if let failure { throw failure }
        return isAdded
    }

    package func newestSnapshot(of log: LogOrigin) throws(StoreError) -> LogSnapshot? {
        try access { $0.snapshots.filter { $0.log == log.id }.max { $0.position < $1.position } }
    }

    package func keep(_ bytes: [UInt8], part: Int, of snapshot: LogSnapshot.ID) throws(StoreError) {
        try access { $0.parts[snapshot, default: [:]][part] = bytes }
    }

    package func publish(_ snapshot: LogSnapshot) throws(StoreError) {
        try access { $0.snapshots.append(snapshot) }
    }

    package func part(_ number: Int, of snapshot: LogSnapshot) throws(StoreError) -> [UInt8] {
        guard let part = try access({ $0.parts[snapshot.id]?[number] }) else {
            throw StoreError(.missing, "part \(number) is not there")
        }
        return part
    }

    package func trim(_ log: LogOrigin) throws(StoreError) {
        try access { state in
            let own = state.snapshots.filter { $0.log == log.id }.sorted { $0.position > $1.position }
            guard own.count >= 2 else { return }
            let kept = Set(own.prefix(2).map(\.id))
            state.snapshots.removeAll { $0.log == log.id && !kept.contains($0.id) }
            for old in own.dropFirst(2) { state.parts[old.id] = nil }
            state.entries.removeAll { $0.position <= own[1].position }
        }
    }

    private func access<Value>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
        let outcome: Result<Value, StoreError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            return .success(body(&state))
        }
        return try outcome.get()
    }
}
