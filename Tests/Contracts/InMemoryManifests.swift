import FoundationEssentials
package import OCI
package import Registry
package import ServerKit

extension InMemoryRegistry: ManifestStore {
    package func manifest(_ digest: Digest, in repository: RepositoryName) async throws(StoreError)
        -> StoredManifest?
    {
        try access { state in
            state.repositories[repository]?.stored(digest)
        }
    }

    package func digest(of tag: Tag, in repository: RepositoryName) async throws(StoreError) -> Digest? {
        try access { $0.repositories[repository]?.tags[tag] }
    }

    package func put(
        _ push: ManifestPush, in repository: RepositoryName, under conditions: RepositoryConditions
    ) async throws(StoreError) -> [Digest] {
        try access { state in
            var found = state.repositories[repository] ?? Repository()
            let missing =
                push.requiredBlobs.filter { state.isDamaged(.blob($0)) || found.links[$0] == nil }
                + push.requiredManifests.filter { found.manifests[$0] == nil }
            guard missing.isEmpty else { return missing }
            if found.manifests[push.digest] == nil {
                try state.require(conditions, roomFor: Int64(push.manifest.bytes.count))
            }
            for tag in push.tags where conditions.pins(tag) {
                if let before = found.tags[tag], before != push.digest {
                    throw PolicyRefusal.tagIsPinned(tag, in: repository, at: before)
                }
            }
            for tag in push.tags { found.pushedAt[tag] = push.date }
            let before = found.manifests.updateValue(push.manifest, forKey: push.digest)
            found.damaged[push.digest] = nil
            state.damages.removeAll { $0.subject == .manifest(push.digest, repository) }
            found.rest(push.digest, at: push.date)
            found.need(push.manifest)
            if let before { found.letGo(before, at: push.date) }
            found.lastPush = push.date
            state.repositories[repository] = found
            for tag in push.tags {
                state.point(tag, to: push.digest, .pushed, at: push.date, by: push.account, in: repository)
            }
            return []
        }
    }

    package func remove(
        _ digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> [Tag]? {
        try access { state in
            guard var found = state.repositories[repository], let manifest = found.manifests[digest] else {
                return nil
            }
            try state.require(conditions, nothingKeptNeeds: [digest], in: repository)
            let tags = found.tags.filter { $0.value == digest }.keys.sorted()
            for tag in tags {
                found.tags[tag] = nil
                state.note(.removed, tag, from: digest, to: nil, at: now(), by: account, in: repository)
            }
            state.trash[repository, default: Repository()].take(
                manifest, digest, from: &found, at: now())
            state.repositories[repository] = found
            state.damages.removeAll { $0.subject == .manifest(digest, repository) }
            return tags
        }
    }

    package func remove(
        _ tag: Tag, in repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool {
        try access { state in
            guard let digest = state.repositories[repository]?.tags[tag] else { return false }
            if conditions.keeps(tag) { throw PolicyRefusal.tagIsKept(tag, in: repository) }
            state.repositories[repository]?.tags[tag] = nil
            state.repositories[repository]?.rest(digest, at: now())
            state.note(.removed, tag, from: digest, to: nil, at: now(), by: account, in: repository)
            return true
        }
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
            state.repositories[repository]?.tags(leadingTo: [digest]) ?? []
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
                    size: found.size, lastPush: found.lastPush)
            }
        }
    }

    package func removeRepository(
        _ repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool {
        try access { state in
            if let tag = state.repositories[repository]?.tags.keys.sorted().first(where: conditions.keeps) {
                throw PolicyRefusal.tagIsKept(tag, in: repository)
            }
            guard let found = state.repositories.removeValue(forKey: repository) else { return false }
            state.removedCount += 1
            let place = Place.removed(repository, number: state.removedCount)
            state.removed.append((place, now(), found))
            state.note(.removed, nil, from: nil, to: nil, at: now(), by: account, in: repository)
            return true
        }
    }
}

extension InMemoryRegistry.State {
    /// Points a tag at a manifest; what nothing points to from then on rests.
    mutating func point(
        _ tag: Tag, to digest: Digest, _ kind: TagMove.Kind, at date: Date, by account: String,
        in repository: RepositoryName
    ) {
        let before = repositories[repository]?.tags.updateValue(digest, forKey: tag)
        repositories[repository]?.rests[digest] = nil
        guard before != digest else { return }
        if let before { repositories[repository]?.rest(before, at: date) }
        note(kind, tag, from: before, to: digest, at: date, by: account, in: repository)
    }
}

extension InMemoryRegistry.Repository {
    /// Whether a manifest refers to a blob.
    func needs(_ blob: Digest) -> Bool {
        manifests.values.contains { $0.referencedBlobs.contains(blob) }
    }

    mutating func hold(_ blob: Digest, size: Int64, at date: Date) {
        links[blob] = HeldBlob(size: size, restsSince: needs(blob) ? nil : date)
    }

    mutating func need(_ manifest: Manifest) {
        for blob in manifest.referencedBlobs {
            if let held = links[blob] { links[blob] = HeldBlob(size: held.size, restsSince: nil) }
        }
    }

    /// Lets the blobs of a manifest that went rest, as far as no other refers to them.
    mutating func letGo(_ manifest: Manifest, at date: Date) {
        for blob in manifest.referencedBlobs where !needs(blob) {
            if let held = links[blob] { links[blob] = HeldBlob(size: held.size, restsSince: date) }
        }
    }

    /// Lets a manifest rest unless a tag points to it.
    mutating func rest(_ digest: Digest, at date: Date) {
        if manifests[digest] != nil, !tags.values.contains(digest) { rests[digest] = date }
    }

    /// Takes a manifest over, with links of its own to the blobs.
    mutating func take(
        _ manifest: Manifest, _ digest: Digest, from source: inout InMemoryRegistry.Repository, at date: Date
    ) {
        manifests[digest] = manifest
        rests[digest] = date
        for blob in manifest.referencedBlobs {
            if let held = source.links[blob] { links[blob] = HeldBlob(size: held.size, restsSince: nil) }
        }
        source.manifests[digest] = nil
        source.rests[digest] = nil
        source.letGo(manifest, at: date)
    }
}

extension Manifest {
    var referencedBlobs: Set<Digest> { Set(([config].compactMap(\.self) + blobs).map(\.digest)) }
}

extension InMemoryRegistry: RetentionStore {
    package func tagsByPush(in repository: RepositoryName, after last: PushedTag?, limit: Int)
        async throws(StoreError) -> [PushedTag]
    {
        try access { state in
            let found = state.repositories[repository] ?? Repository()
            let tags = found.tags.map { tag, digest in
                PushedTag(tag: tag, digest: digest, pushedAt: found.pushedAt[tag] ?? .distantPast)
            }
            func place(_ tag: PushedTag) -> (Date, Tag) { (tag.pushedAt, tag.tag) }
            return Array(
                tags.sorted { place($0) > place($1) }
                    .filter { tag in last.map { place(tag) < place($0) } ?? true }.prefix(limit))
        }
    }

    package func remove(
        _ tags: [PushedTag], in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> [Tag] {
        try access { state in
            tags.map { ($0, state.repositories[repository]) }.filter { tag, found in
                found?.tags[tag.tag] == tag.digest && found?.pushedAt[tag.tag] == tag.pushedAt
                    && !conditions.keeps(tag.tag)
            }.map { tag, _ in
                state.repositories[repository]?.tags[tag.tag] = nil
                state.repositories[repository]?.rest(tag.digest, at: now())
                state.note(
                    .removed, tag.tag, from: tag.digest, to: nil, at: now(), by: account, in: repository)
                return tag.tag
            }
        }
    }
}
