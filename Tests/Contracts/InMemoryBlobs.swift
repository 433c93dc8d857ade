package import FoundationEssentials
import NIOCore
package import OCI
package import Registry
package import ServerKit
import Synchronization

/// Blobs in memory: the double that passes `checkBlobStoreContract`.
package final class InMemoryBlobs: BlobStore {
    fileprivate struct State {
        var blobs: [Digest: [UInt8]] = [:]
        var uploads: [UploadID: [UInt8]] = [:]
        /// When a blob came to its place; long ago when it was put there by hand.
        var placed: [Digest: Date] = [:]
        var aside: [String: [UInt8]] = [:]
        var failure: StoreError?
    }

    fileprivate let state = Mutex(State())

    package init() {}

    /// From now on every call that can fail throws this; nil ends it.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    /// Puts a blob there without an upload, and returns its digest.
    @discardableResult
    package func insert(_ bytes: [UInt8], _ algorithm: Digest.Algorithm = .sha256) -> Digest {
        let digest = Samples.digest(of: bytes, algorithm)
        state.withLock { $0.blobs[digest] = bytes }
        return digest
    }

    /// Puts other bytes into a blob's place, as a broken disk would.
    package func damage(_ digest: Digest, _ bytes: [UInt8]?) { state.withLock { $0.blobs[digest] = bytes } }

    /// What was set aside, by the place that `setAside` named.
    package var aside: [String: [UInt8]] { state.withLock(\.aside) }

    package func size(of digest: Digest) async throws(StoreError) -> Int64? {
        try access { $0.blobs[digest].map { Int64($0.count) } }
    }

    package func open(_ digest: Digest) async throws(StoreError) -> any StoredBlob {
        guard let bytes = try access({ $0.blobs[digest] }) else {
            throw StoreError(.missing, "opening blob \(digest)")
        }
        return InMemoryBlob(bytes: bytes)
    }

    package func remove(_ digest: Digest) async throws(StoreError) {
        try access { $0.blobs[digest] = nil }
    }

    package func takeAway(_ digest: Digest) throws(StoreError) -> UploadID? {
        try access { state in
            guard let bytes = state.blobs.removeValue(forKey: digest) else { return nil }
            var generator = SystemRandomNumberGenerator()
            let id = UploadID(using: &generator)
            state.uploads[id] = bytes
            return id
        }
    }

    package func requireRoom() async throws(StoreError) { try access { _ in } }

    package func createUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError)
        -> any BlobUpload
    {
        let isNew = try access { state in
            guard state.uploads[id] == nil else { return false }
            state.uploads[id] = []
            return true
        }
        guard isNew else { throw StoreError(.conflict, "starting upload \(id)") }
        return InMemoryUpload(id: id, algorithm: algorithm, store: self)
    }

    package func resumeUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError)
        -> any BlobUpload
    {
        guard try access({ $0.uploads[id] != nil }) else {
            throw StoreError(.missing, "taking up upload \(id)")
        }
        return InMemoryUpload(id: id, algorithm: algorithm, store: self)
    }

    package func discardUpload(_ id: UploadID) async throws(StoreError) {
        try access { $0.uploads[id] = nil }
    }

    package func uploads() async throws(StoreError) -> [UploadID] {
        try access { Array($0.uploads.keys) }
    }

    package func clearLeftovers(before moment: Date) async throws(StoreError) { try access { _ in } }

    package func digests(after last: Digest?, limit: Int) async throws(StoreError) -> [Digest] {
        try access { state in
            let sorted = state.blobs.keys.sorted { $0.description < $1.description }
            return Array(sorted.filter { last.map(\.description) ?? "" < $0.description }.prefix(limit))
        }
    }

    package func settled(before moment: Date, among digests: [Digest]) async throws(StoreError)
        -> [Digest: Int64]
    {
        try access { state in
            var settled: [Digest: Int64] = [:]
            for digest in digests {
                guard let bytes = state.blobs[digest], state.placed[digest] ?? .distantPast < moment else {
                    continue
                }
                settled[digest] = Int64(bytes.count)
            }
            return settled
        }
    }

    fileprivate func access<Value: Sendable>(_ body: (inout State) -> Value) throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            return .success(body(&state))
        }
        return try result.get()
    }
}

extension InMemoryBlobs: BlobQuarantine {
    package func setAside(_ digest: Digest, opened: (any StoredBlob)?) async throws(StoreError) -> String? {
        let bytes = (opened as? InMemoryBlob)?.bytes
        return try access { state in
            guard let there = state.blobs[digest], bytes.map({ $0 == there }) ?? true else { return nil }
            let place = "aside/\(digest)-\(state.aside.count)"
            state.aside[place] = there
            state.blobs[digest] = nil
            return place
        }
    }

    package func isInPlace(_ digest: Digest, size: Int64?) throws(StoreError) -> Bool {
        try access { state in
            state.blobs[digest].map { bytes in size.map { $0 == Int64(bytes.count) } ?? true } ?? false
        }
    }
}

private final class InMemoryBlob: StoredBlob {
    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    var size: Int64 { Int64(bytes.count) }

    var fileDescriptor: CInt? { nil }

    func read(at offset: Int64, count: Int) async throws(StoreError) -> ByteBuffer {
        ByteBuffer(bytes: bytes.dropFirst(Int(offset)).prefix(count))
    }
}

private final class InMemoryUpload: BlobUpload {
    private let id: UploadID
    private let algorithm: Digest.Algorithm
    private let store: InMemoryBlobs
    /// The size when it was opened here, and what came since through this object.
    private let own: Mutex<Int>

    init(id: UploadID, algorithm: Digest.Algorithm, store: InMemoryBlobs) {
        self.id = id
        self.algorithm = algorithm
        self.store = store
        self.own = Mutex(store.state.withLock { $0.uploads[id]?.count ?? 0 })
    }

    var size: Int64 { store.state.withLock { Int64($0.uploads[id]?.count ?? 0) } }

    func append(_ pieces: [ByteBuffer]) async throws(StoreError) {
        try store.access { state in
            for piece in pieces { state.uploads[id]?.append(contentsOf: piece.readableBytesView) }
        }
        own.withLock { $0 += pieces.reduce(0) { $0 + $1.readableBytes } }
    }

    func settle() async throws(StoreError) { try store.access { _ in } }

    func isCurrent() async throws(StoreError) -> Bool {
        let size = own.withLock(\.self)
        return try store.access { $0.uploads[id]?.count == size }
    }

    func digest() async throws(StoreError) -> Digest {
        Samples.digest(of: try store.access { $0.uploads[id] ?? [] }, algorithm)
    }

    func publish(as digest: Digest) async throws(StoreError) {
        let isThere = try store.access { state in
            state.blobs[digest] = state.uploads[id] ?? state.blobs[digest]
            return state.uploads[id] != nil
        }
        guard isThere else { throw StoreError(.missing, "publishing upload \(id)") }
    }

    func republish(as digest: Digest) throws(StoreError) -> Bool {
        try store.access { state in
            if state.blobs[digest] == nil {
                state.blobs[digest] = state.uploads[id]
                state.placed[digest] = Date()
            }
            return state.blobs[digest] != nil
        }
    }
}
