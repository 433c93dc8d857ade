package import OCI
package import Registry
package import ServerKit
import Synchronization

extension InMemoryRegistry.Repository {
    func stored(_ digest: Digest) -> StoredManifest? {
        manifests[digest].map {
            StoredManifest(
                digest: digest, mediaType: $0.mediaType, bytes: damaged[digest] ?? $0.bytes,
                restsSince: rests[digest])
        }
    }
}

extension InMemoryRegistry {
    /// Puts other bytes in the place of a manifest's own, as a broken disk would.
    package func damage(_ digest: Digest, in repository: RepositoryName, _ bytes: [UInt8]) {
        state.withLock { $0.repositories[repository]?.damaged[digest] = bytes }
    }
}

extension InMemoryRegistry.State {
    fileprivate func has(_ subject: Damage.Subject) -> Bool {
        switch subject {
        case .blob(let digest): blobs[digest] != nil
        case .manifest(let digest, let repository): repositories[repository]?.manifests[digest] != nil
        }
    }
}

extension InMemoryRegistry: DamageLedger {
    package func note(_ damage: Damage, isStillSo: @Sendable @escaping () throws -> Bool)
        async throws(StoreError) -> Bool
    {
        try access { state in
            guard state.has(damage.subject), try isStillSo() else { return false }
            if !state.isDamaged(damage.subject) { state.damages.append(damage) }
            return true
        }
    }

    package func forget(_ subject: Damage.Subject) async throws(StoreError) -> Bool {
        try access { state in
            let wasDamaged = state.isDamaged(subject)
            state.damages.removeAll { $0.subject == subject }
            return wasDamaged
        }
    }

    package func isDamaged(_ subject: Damage.Subject) async throws(StoreError) -> Bool {
        try access { $0.isDamaged(subject) }
    }

    package func damages(limit: Int) async throws(StoreError) -> [Damage] {
        try access { Array($0.damages.prefix(limit)) }
    }

    package func damageCount() async throws(StoreError) -> Int { try access { $0.damages.count } }

    package func hits(of subject: Damage.Subject, limit: Int) async throws(StoreError) -> [DamageHit] {
        switch subject {
        case .manifest(let digest, let repository):
            return [
                DamageHit(repository: repository, tags: try await tags(leadingTo: digest, in: repository))
            ]
        case .blob(let digest):
            var hits: [DamageHit] = []
            for repository in try await repositories(holding: digest, limit: limit) {
                var tags: Set<Tag> = []
                for manifest in try access({ Self.manifests(needing: digest, in: repository, $0) }) {
                    tags.formUnion(try await self.tags(leadingTo: manifest, in: repository))
                }
                hits.append(DamageHit(repository: repository, tags: tags.sorted()))
            }
            return hits
        }
    }

    private static func manifests(needing blob: Digest, in repository: RepositoryName, _ state: State)
        -> [Digest]
    {
        let manifests = state.repositories[repository]?.manifests ?? [:]
        return manifests.filter { _, manifest in
            manifest.config?.digest == blob || manifest.blobs.contains { $0.digest == blob }
        }.map(\.key)
    }
}

extension InMemoryRegistry: CheckLedger {
    package func extent() async throws(StoreError) -> CheckExtent {
        try access { state in
            CheckExtent(
                blobs: state.blobs.count, bytes: state.blobs.values.reduce(0) { $0 + $1.size },
                manifests: state.repositories.values.reduce(0) { $0 + $1.manifests.count })
        }
    }

    package func blobRecords(after last: Digest?, limit: Int) async throws(StoreError) -> [BlobRecord] {
        try access { state in
            let records = state.blobs.map { BlobRecord(digest: $0, size: $1.size) }
            let sorted = records.sorted { $0.digest.description < $1.digest.description }
            return Array(sorted.filter { (last?.description ?? "") < $0.digest.description }.prefix(limit))
        }
    }

    package func unrecorded(_ digests: [Digest]) async throws(StoreError) -> [Digest] {
        try access { state in digests.filter { state.blobs[$0] == nil } }
    }

    /// Positions here are places in the order of names and digests: a test changes nothing between pages.
    package func manifestRecords(after last: Int64, limit: Int) async throws(StoreError) -> [ManifestRecord] {
        try access { state in
            let all = state.repositories.sorted { $0.key < $1.key }.flatMap { name, repository in
                repository.manifests.keys.sorted { $0.description < $1.description }.compactMap {
                    repository.stored($0).map { (name, $0) }
                }
            }
            let records = all.enumerated().map { index, entry in
                ManifestRecord(position: Int64(index) + 1, repository: entry.0, manifest: entry.1)
            }
            return Array(records.filter { $0.position > last }.prefix(limit))
        }
    }

    package func progress(of check: String) async throws(StoreError) -> CheckProgress? {
        try access { $0.checks[check] }
    }

    package func save(_ progress: CheckProgress, of check: String) async throws(StoreError) {
        try access { $0.checks[check] = progress }
    }
}
