package import Access
package import FoundationEssentials
package import OCI
package import Registry
package import ServerKit
import Synchronization

/// Repositories, links and uploads in memory: the double that passes `checkManifestStoreContract`,
/// `checkBlobLinksContract`, `checkUploadLedgerContract`, `checkGarbageStoreContract` and
/// `checkTagHistoryContract`. One lock is its transaction.
package final class InMemoryRegistry: Sendable {
    struct Repository {
        var links: [Digest: HeldBlob] = [:]
        var manifests: [Digest: Manifest] = [:]
        /// Manifests to which no tag points, with the moment since when.
        var rests: [Digest: Date] = [:]
        /// Bytes that a broken disk has put in the place of a manifest's own.
        var damaged: [Digest: [UInt8]] = [:]
        var tags: [Tag: Digest] = [:]
        var pushedAt: [Tag: Date] = [:]
        var lastPush: Date?

        var size: Int64 {
            links.values.reduce(0) { $0 + $1.size }
                + manifests.values.reduce(0) { $0 + Int64($1.bytes.count) }
        }

        func tags(leadingTo manifests: Set<Digest>) -> [Tag] {
            var leading = manifests
            var edge = leading
            while !edge.isEmpty {
                let above = self.manifests.filter {
                    $0.value.manifests.contains { edge.contains($0.digest) }
                }
                edge = Set(above.keys).subtracting(leading)
                leading.formUnion(edge)
            }
            return tags.filter { leading.contains($0.value) }.keys.sorted()
        }
    }

    /// Where a repository is: in use, holding what was removed from one, or removed as a whole.
    enum Place: Hashable {
        case live(RepositoryName)
        case trash(RepositoryName)
        case removed(RepositoryName, number: Int)
    }

    struct State {
        var repositories: [RepositoryName: Repository] = [:]
        var trash: [RepositoryName: Repository] = [:]
        /// In the order in which they were removed.
        var removed: [(place: Place, date: Date, repository: Repository)] = []
        var removedCount = 0
        var history: [(repository: RepositoryName, move: TagMove)] = []
        var movesCount: TagMove.ID = 0
        /// Blobs that some repository has held, with the moment since when none does; nil while one does.
        var blobs: [Digest: (size: Int64, unheldSince: Date?)] = [:]
        var uploads: [UploadID: UploadRecord] = [:]
        /// The oldest first.
        var damages: [Damage] = []
        var checks: [String: CheckProgress] = [:]
        var failure: StoreError?

        /// Every repository, also those that no client can name.
        var all: [Repository] { Array(repositories.values) + trash.values + removed.map(\.repository) }

        func isDamaged(_ subject: Damage.Subject) -> Bool { damages.contains { $0.subject == subject } }

        /// A blob that a repository holds and that is whole as far as is known.
        func held(_ digest: Digest, in repository: RepositoryName) -> HeldBlob? {
            isDamaged(.blob(digest)) ? nil : repositories[repository]?.links[digest]
        }

        /// Notes for each blob whether a repository holds it now.
        mutating func release(_ digests: some Sequence<Digest>, at date: Date) {
            let all = all
            for digest in digests where !all.contains(where: { $0.links[digest] != nil }) {
                blobs[digest]?.unheldSince = date
            }
        }

        mutating func note(
            _ kind: TagMove.Kind, _ tag: Tag?, from: Digest?, to: Digest?, at date: Date, by account: String,
            in repository: RepositoryName
        ) {
            movesCount += 1
            let move = TagMove(
                id: movesCount, kind: kind, tag: tag, date: date, account: account, from: from, to: to)
            history.append((repository, move))
        }

        func used(by repositories: Glob) -> Int64 {
            self.repositories.filter { repositories.matches($0.key.text) }.values.reduce(0) { $0 + $1.size }
        }

        func require(_ conditions: RepositoryConditions, roomFor bytes: Int64) throws {
            for quota in conditions.quotas {
                let use = QuotaUse(quota: quota, used: used(by: quota.repositories))
                if let refusal = use.refusal(of: bytes) { throw refusal }
            }
        }

        /// Throws when more is used of a quota than before and than there may be.
        func require(_ conditions: RepositoryConditions, roomGrownFrom before: Self) throws {
            for quota in conditions.quotas {
                let use = QuotaUse(quota: quota, used: before.used(by: quota.repositories))
                let growth = used(by: quota.repositories) - use.used
                if growth > 0, let refusal = use.refusal(of: growth) { throw refusal }
            }
        }

        /// Throws when a tag that is kept leads to any of these manifests.
        func require(
            _ conditions: RepositoryConditions, nothingKeptNeeds manifests: some Sequence<Digest>,
            in name: RepositoryName
        ) throws {
            for tag in repositories[name]?.tags(leadingTo: Set(manifests)) ?? [] where conditions.keeps(tag) {
                throw PolicyRefusal.tagIsKept(tag, in: name)
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
            } catch let refusal as PolicyRefusal {
                return .failure(StoreError(.refused, "changing the store", cause: refusal))
            } catch {
                return .failure(
                    error as? StoreError ?? StoreError(.failed, "changing the store", cause: error))
            }
        }
        return try result.get()
    }
}

extension InMemoryRegistry: BlobLinks {
    package func blob(_ digest: Digest, in repository: RepositoryName) async throws(StoreError) -> HeldBlob? {
        try access { $0.held(digest, in: repository) }
    }

    package func link(
        _ digest: Digest, size: Int64, in repository: RepositoryName, under conditions: RepositoryConditions,
        isPresent: @Sendable @escaping () throws -> Bool
    ) async throws(StoreError) {
        try access { state in
            guard try isPresent() else { throw StoreError(.missing, "linking \(digest): its bytes are gone") }
            if state.repositories[repository]?.links[digest] == nil {
                try state.require(conditions, roomFor: size)
            }
            state.repositories[repository, default: Repository()].hold(digest, size: size, at: now())
            state.blobs[digest] = (size, nil)
            state.damages.removeAll { $0.subject == .blob(digest) }
        }
    }

    package func mount(
        _ digest: Digest, from source: RepositoryName, in repository: RepositoryName,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> Int64? {
        try access { state in
            guard let held = state.held(digest, in: source) else { return nil }
            if state.repositories[repository]?.links[digest] == nil {
                try state.require(conditions, roomFor: held.size)
            }
            state.repositories[repository, default: Repository()].hold(digest, size: held.size, at: now())
            return held.size
        }
    }

    package func unlink(
        _ digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool {
        try access { state in
            guard let found = state.repositories[repository], found.links[digest] != nil else { return false }
            let needing = found.manifests.filter { _, manifest in
                ([manifest.config].compactMap(\.self) + manifest.blobs).contains { $0.digest == digest }
            }
            try state.require(conditions, nothingKeptNeeds: needing.keys, in: repository)
            state.repositories[repository]?.links[digest] = nil
            state.release([digest], at: now())
            return true
        }
    }

    package func used(by repositories: Glob) async throws(StoreError) -> Int64 {
        try access { $0.used(by: repositories) }
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
        try access { state in digests.filter { state.held($0, in: repository) == nil } }
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
            state.damages.removeAll { damage in
                if case .blob(let digest) = damage.subject { return forgotten[digest] != nil }
                return false
            }
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

    package func end(_ id: UploadID, ifIdleSince moment: Date) async throws(StoreError) -> Bool {
        try access { state in
            guard let upload = state.uploads[id], upload.movedAt <= moment else { return false }
            state.uploads[id] = nil
            return true
        }
    }

    package func idle(since moment: Date, limit: Int) async throws(StoreError) -> [UploadRecord] {
        try access { state in
            let resting = state.uploads.values.filter { $0.movedAt <= moment }
            return Array(resting.sorted { $0.movedAt < $1.movedAt }.prefix(limit))
        }
    }
}

extension InMemoryRegistry: RegistryCensus {
    package func totals() async throws(StoreError) -> RegistryTotals {
        try access { state in
            var totals = RegistryTotals()
            totals.blobs = state.blobs.count
            totals.blobBytes = state.blobs.values.reduce(0) { $0 + $1.size }
            totals.repositories = state.repositories.count
            totals.uploads = state.uploads.count
            return totals
        }
    }
}
