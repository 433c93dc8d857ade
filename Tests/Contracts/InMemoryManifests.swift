package import OCI
package import Registry
package import ServerKit

extension InMemoryRegistry: ManifestStore {
    package func manifest(_ digest: Digest, in repository: RepositoryName) async throws(StoreError)
        -> StoredManifest?
    {
        try access { state in
            state.repositories[repository]?.manifests[digest].map {
                StoredManifest(digest: digest, mediaType: $0.mediaType, bytes: $0.bytes)
            }
        }
    }

    package func digest(of tag: Tag, in repository: RepositoryName) async throws(StoreError) -> Digest? {
        try access { $0.repositories[repository]?.tags[tag] }
    }

    package func put(_ push: ManifestPush, in repository: RepositoryName) async throws(StoreError) -> [Digest]
    {
        try access { state in
            var found = state.repositories[repository] ?? Repository()
            let missing =
                push.requiredBlobs.filter { found.links[$0] == nil }
                + push.requiredManifests.filter { found.manifests[$0] == nil }
            guard missing.isEmpty else { return missing }
            found.manifests[push.digest] = push.manifest
            for tag in push.tags { found.tags[tag] = push.digest }
            found.lastPush = push.date
            state.repositories[repository] = found
            return []
        }
    }

    package func remove(_ digest: Digest, in repository: RepositoryName, by account: String)
        async throws(StoreError) -> [Tag]?
    {
        try access { state in
            guard var found = state.repositories[repository], found.manifests[digest] != nil else {
                return nil
            }
            let tags = found.tags.filter { $0.value == digest }.keys.sorted()
            for tag in tags { found.tags[tag] = nil }
            found.manifests[digest] = nil
            state.repositories[repository] = found
            return tags
        }
    }

    package func remove(_ tag: Tag, in repository: RepositoryName, by account: String)
        async throws(StoreError) -> Bool
    {
        try access { $0.repositories[repository]?.tags.removeValue(forKey: tag) != nil }
    }

    package func tags(in repository: RepositoryName, after last: Tag?, limit: Int) async throws(StoreError)
        -> [Tag]?
    {
        try access { state in
            guard let found = state.repositories[repository] else { return nil }
            return Array(found.tags.keys.sorted().filter { last.map(\.text) ?? "" < $0.text }.prefix(limit))
        }
    }

    package func tags(leadingTo digest: Digest, in repository: RepositoryName) async throws(StoreError)
        -> [Tag]
    {
        try access { state in
            guard let found = state.repositories[repository] else { return [] }
            var leading: Set<Digest> = [digest]
            var edge = leading
            while !edge.isEmpty {
                let above = found.manifests.filter {
                    $0.value.manifests.contains { edge.contains($0.digest) }
                }
                edge = Set(above.keys).subtracting(leading)
                leading.formUnion(edge)
            }
            return found.tags.filter { leading.contains($0.value) }.keys.sorted()
        }
    }

    package func referrers(
        of digest: Digest, in repository: RepositoryName, artifactType: MediaType?, after last: Digest?,
        limit: Int
    ) async throws(StoreError) -> [Descriptor] {
        try access { state in
            let found = state.repositories[repository]?.manifests ?? [:]
            let referring = found.filter { entry in
                entry.value.subject?.digest == digest
                    && (artifactType == nil || entry.value.artifactType == artifactType)
                    && last.map(\.description) ?? "" < entry.key.description
            }
            return referring.sorted { $0.key.description < $1.key.description }.prefix(limit).map { entry in
                Descriptor(
                    mediaType: entry.value.mediaType, digest: entry.key, size: Int64(entry.value.bytes.count),
                    artifactType: entry.value.artifactType, annotations: entry.value.annotations)
            }
        }
    }

    package func repositories(after last: RepositoryName?, limit: Int) async throws(StoreError)
        -> [RepositoryName]
    {
        try access { state in
            let listed = state.repositories.filter { !$0.value.manifests.isEmpty }.keys.sorted()
            return Array(listed.filter { last.map(\.text) ?? "" < $0.text }.prefix(limit))
        }
    }

    package func summary(of repository: RepositoryName) async throws(StoreError) -> RepositorySummary? {
        try access { state in
            state.repositories[repository].map { found in
                RepositorySummary(
                    name: repository, tagCount: found.tags.count, manifestCount: found.manifests.count,
                    size: found.links.values.reduce(0, +)
                        + found.manifests.values.reduce(0) { $0 + Int64($1.bytes.count) },
                    lastPush: found.lastPush)
            }
        }
    }

    package func removeRepository(_ repository: RepositoryName) async throws(StoreError) -> Bool {
        try access { state in
            guard let found = state.repositories.removeValue(forKey: repository) else { return false }
            state.release(found.links.keys, at: now())
            return true
        }
    }
}
