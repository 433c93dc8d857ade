package import FoundationEssentials
package import OCI
package import Registry
package import ServerKit
import Synchronization

/// Repositories, links and uploads in memory: the double that passes `checkManifestStoreContract`,
/// `checkBlobLinksContract` and `checkUploadLedgerContract`. One lock is its transaction.
package final class InMemoryRegistry: Sendable {
    struct Repository {
        var links: [Digest: Int64] = [:]
        var manifests: [Digest: Manifest] = [:]
        var tags: [Tag: Digest] = [:]
        var lastPush: Date?
    }

    struct State {
        var repositories: [RepositoryName: Repository] = [:]
        /// Blobs that some repository has held, with the moment since when none does; nil while one does.
        var blobs: [Digest: (size: Int64, unheldSince: Date?)] = [:]
        var uploads: [UploadID: UploadRecord] = [:]
        var failure: StoreError?

        /// Notes for each blob whether a repository holds it now.
        mutating func release(_ digests: some Sequence<Digest>, at date: Date) {
            for digest in digests where !repositories.values.contains(where: { $0.links[digest] != nil }) {
                blobs[digest]?.unheldSince = date
            }
        }
    }

    let state = Mutex(State())
    let now: @Sendable () -> Date

    /// - Parameter now: tells since when a blob is held by nobody.
    package init(now: @Sendable @escaping () -> Date = { Date() }) { self.now = now }

    /// From now on every call throws this; nil ends it.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    func access<Value: Sendable>(_ body: (inout State) throws -> Value) throws(StoreError) -> Value {
        let result: Result<Value, StoreError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            do {
                return .success(try body(&state))
            } catch {
                return .failure(
                    error as? StoreError ?? StoreError(.failed, "changing the store", cause: error))
            }
        }
        return try result.get()
    }
}

extension InMemoryRegistry: BlobLinks {
    package func size(of digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Int64? {
        try access { $0.repositories[repository]?.links[digest] }
    }

    package func link(
        _ digest: Digest, size: Int64, in repository: RepositoryName,
        isPresent: @Sendable @escaping () throws -> Bool
    ) async throws(StoreError) {
        try access { state in
            guard try isPresent() else { throw StoreError(.missing, "linking \(digest): its bytes are gone") }
            state.repositories[repository, default: Repository()].links[digest] = size
            state.blobs[digest] = (size, nil)
        }
    }

    package func mount(_ digest: Digest, from source: RepositoryName, in repository: RepositoryName)
        async throws(StoreError) -> Int64?
    {
        try access { state in
            guard let size = state.repositories[source]?.links[digest] else { return nil }
            state.repositories[repository, default: Repository()].links[digest] = size
            return size
        }
    }

    package func unlink(_ digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Bool {
        try access { state in
            guard state.repositories[repository]?.links.removeValue(forKey: digest) != nil else {
                return false
            }
            state.release([digest], at: now())
            return true
        }
    }

    package func repositories(holding digest: Digest, limit: Int) async throws(StoreError)
        -> [RepositoryName]
    {
        try access { state in
            Array(state.repositories.filter { $0.value.links[digest] != nil }.keys.sorted().prefix(limit))
        }
    }

    package func missing(_ digests: [Digest], in repository: RepositoryName) async throws(StoreError)
        -> [Digest]
    {
        try access { state in digests.filter { state.repositories[repository]?.links[$0] == nil } }
    }

    package func collect(
        unheldSince moment: Date, limit: Int, remove: @Sendable @escaping (Digest) throws -> Void
    ) async throws(StoreError) -> [Digest: Int64] {
        try access { state in
            var forgotten: [Digest: Int64] = [:]
            for (digest, blob) in state.blobs {
                guard forgotten.count < limit, let since = blob.unheldSince, since <= moment else { continue }
                forgotten[digest] = blob.size
            }
            // All or none is forgotten, as in a transaction.
            for digest in forgotten.keys { try remove(digest) }
            for digest in forgotten.keys { state.blobs[digest] = nil }
            return forgotten
        }
    }
}

extension InMemoryRegistry: UploadLedger {
    package func begin(_ upload: UploadRecord) async throws(StoreError) {
        try access { state in
            guard state.uploads[upload.id] == nil else {
                throw StoreError(.conflict, "beginning upload \(upload.id)")
            }
            state.uploads[upload.id] = upload
        }
    }

    package func upload(_ id: UploadID) async throws(StoreError) -> UploadRecord? {
        try access { $0.uploads[id] }
    }

    package func touch(_ id: UploadID, at date: Date) async throws(StoreError) {
        try access { $0.uploads[id]?.movedAt = date }
    }

    package func end(_ id: UploadID) async throws(StoreError) {
        try access { $0.uploads[id] = nil }
    }

    package func idle(since moment: Date, limit: Int) async throws(StoreError) -> [UploadRecord] {
        try access { state in
            let resting = state.uploads.values.filter { $0.movedAt <= moment }
            return Array(resting.sorted { $0.movedAt < $1.movedAt }.prefix(limit))
        }
    }
}
