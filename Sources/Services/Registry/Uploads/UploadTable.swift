import FoundationEssentials
import OCI
import Synchronization

/// An upload that one request has to itself.
struct OpenUpload: Sendable {
    var record: UploadRecord
    let upload: any BlobUpload
}

/// The uploads this process has open, each with at most one request at work on it.
///
/// An upload that is not here may still be in the ledger, left by another process or closed for being idle.
final class UploadTable: Sendable {
    /// What came of asking for an upload.
    enum Claim {
        /// It is the caller's until `release` or `drop`.
        case taken(OpenUpload)
        /// Another request is at work on it, and has taken so many bytes so far.
        case busy(UploadRecord?, size: Int64)
        /// It is not open. The name is reserved for the caller, who opens it and calls `release`, or `drop`.
        case notOpen
    }

    private struct Entry {
        var record: UploadRecord?
        /// Nil while a request is at work.
        var idle: (any BlobUpload)?
        var size: Int64 = 0
        var since: Date
        /// Finished when the request at work has done.
        var waiters: [AsyncStream<Void>.Continuation] = []
    }

    private struct State {
        var entries: [UploadID: Entry] = [:]
        var counts: [String: Int] = [:]
    }

    private let state = Mutex(State())

    /// Reserves the name of a new upload; false when its account has as many as it may.
    func admit(_ record: UploadRecord, perAccountMax: Int) -> Bool {
        state.withLock { state in
            let count = state.counts[record.account, default: 0]
            guard count < perAccountMax else { return false }
            state.counts[record.account] = count + 1
            state.entries[record.id] = Entry(record: record, since: record.startedAt)
            return true
        }
    }

    func claim(_ id: UploadID, at date: Date) -> Claim {
        state.withLock { state in
            guard let entry = state.entries[id] else {
                state.entries[id] = Entry(since: date)
                return .notOpen
            }
            guard let record = entry.record, let upload = entry.idle else {
                return .busy(entry.record, size: entry.size)
            }
            state.entries[id]?.idle = nil
            state.entries[id]?.since = date
            return .taken(OpenUpload(record: record, upload: upload))
        }
    }

    /// Returns when the request at work on an upload has done, when nothing has come with it for `patience`,
    /// or after `patienceMax`.
    ///
    /// A client that lost its connection is often back before the server has taken what came by the lost one.
    /// Until then nobody can say where the upload ends.
    func waitForRelease(of id: UploadID, patience: Duration, patienceMax: Duration) async {
        let (stream, waiter) = AsyncStream.makeStream(of: Void.self)
        let isBusy = state.withLock { state in
            guard let entry = state.entries[id], entry.idle == nil else { return false }
            state.entries[id]?.waiters.append(waiter)
            return true
        }
        guard isBusy else { return }
        let timer = Task {
            let clock = ContinuousClock()
            let end = clock.now + patienceMax
            var last = size(of: id)
            while clock.now < end, (try? await clock.sleep(for: patience)) != nil {
                let size = size(of: id)
                if size == last { break }
                last = size
            }
            waiter.finish()
        }
        for await _ in stream {}
        timer.cancel()
    }

    /// Notes how far the request at work on it has come.
    func note(size: Int64, of id: UploadID) {
        state.withLock { $0.entries[id]?.size = size }
    }

    private func size(of id: UploadID) -> Int64? { state.withLock { $0.entries[id]?.size } }

    /// Puts an upload back for the next request.
    func release(_ open: OpenUpload, at date: Date) {
        let waiters = state.withLock { state in
            let id = open.record.id
            if state.entries[id]?.record == nil { state.counts[open.record.account, default: 0] += 1 }
            let waiters = state.entries[id]?.waiters ?? []
            state.entries[id] = Entry(
                record: open.record, idle: open.upload, size: open.upload.size, since: date)
            return waiters
        }
        for waiter in waiters { waiter.finish() }
    }

    /// Forgets an upload: it is over, could not be opened, or is to be opened anew by the next request.
    func drop(_ id: UploadID) {
        let waiters = state.withLock { state in Self.remove(id, from: &state) }
        for waiter in waiters { waiter.finish() }
    }

    /// Closes the files of uploads that nobody has worked on since `moment`.
    func closeIdle(since moment: Date) {
        // The files close outside the lock, when the list goes.
        let closed = state.withLock { state in
            let idle = state.entries.filter { $0.value.idle != nil && $0.value.since < moment }
            for id in idle.keys { Self.remove(id, from: &state) }
            return idle.values.compactMap(\.idle)
        }
        withExtendedLifetime(closed) {}
    }

    /// The uploads that a request is at work on.
    var busy: [UploadID] {
        state.withLock { state in
            state.entries.filter { $0.value.idle == nil && $0.value.record != nil }.map(\.key)
        }
    }

    /// Whether this process has the upload open.
    func contains(_ id: UploadID) -> Bool {
        state.withLock { $0.entries[id] != nil }
    }

    @discardableResult
    private static func remove(_ id: UploadID, from state: inout State)
        -> [AsyncStream<Void>.Continuation]
    {
        guard let entry = state.entries.removeValue(forKey: id) else { return [] }
        if let account = entry.record?.account {
            let count = state.counts[account, default: 1] - 1
            state.counts[account] = count > 0 ? count : nil
        }
        return entry.waiters
    }
}
