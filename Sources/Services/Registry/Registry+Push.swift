import FoundationEssentials
import Logging
package import OCI

/// Pushing manifests (distribution-spec, "Pushing Manifests").
extension Registry {
    /// Stores a manifest as it came and points the reference's tag and all of `tags` at it, in one step.
    ///
    /// - Parameters:
    ///   - reference: where it is pushed: a tag, or the digest that its bytes must have.
    ///   - tags: further tags, for a push by digest.
    ///   - account: who pushes; empty for somebody anonymous.
    /// - Returns: the digest under which it is kept.
    /// - Throws: `MissingReferences` when the repository does not hold what the manifest refers to,
    /// `PolicyRefusal` when a tag is pinned elsewhere or there is no room.
    package func push(
        _ manifest: Manifest, as reference: Reference, tags: [Tag] = [], in repository: RepositoryName,
        by account: String
    ) async throws -> Digest {
        var tags = tags
        let digest: Digest
        switch reference {
        case .tag(let tag):
            digest = Digest.Algorithm.sha256.digest(of: manifest.bytes)
            tags.insert(tag, at: 0)
        case .digest(let stated):
            digest = stated.algorithm.digest(of: manifest.bytes)
            guard digest == stated else {
                throw OCIError(.digestInvalid, "the manifest's digest is \(digest), not \(stated)")
            }
        }
        guard tags.count <= limits.tagsPerPush else { throw TooManyTags(limit: limits.tagsPerPush) }

        try await blobs.requireRoom()
        let push = ManifestPush(
            digest: digest, manifest: manifest, tags: tags.withoutDoubles(),
            requiredBlobs: manifest.requiredBlobs, requiredManifests: manifest.requiredManifests,
            account: account, date: now())
        try await tryPins(tags, to: digest, in: repository)
        let missing = try await unlessRefused {
            try await manifests.put(push, in: repository, under: policy.conditions(for: repository))
        }
        guard missing.isEmpty else { throw MissingReferences(digests: missing) }
        try await tryQuotas(repository)
        forget(digest, tags: tags, in: repository)
        Logger.current.info(
            "manifest stored",
            metadata: [
                "repository": "\(repository)", "digest": "\(digest)", "account": "\(account)",
                "tags": "\(tags.map(\.text).joined(separator: ","))", "type": "\(manifest.mediaType)",
            ])
        return digest
    }

    /// Forgets what is cached of tags that something beside this object has removed.
    package func forget(_ tags: [Tag], in repository: RepositoryName) {
        for tag in tags { caches.tags.remove(.init(repository: repository, item: tag)) }
        caches.leadingTags.removeAll()
    }

    /// Forgets what is cached of a manifest and of tags that have been changed.
    func forget(_ digest: Digest, tags: [Tag], in repository: RepositoryName) {
        caches.manifests.remove(.init(repository: repository, item: digest))
        forget(tags, in: repository)
    }
}

/// A push that would set more tags at once than the registry takes.
package struct TooManyTags: Error, Hashable, Sendable {
    package let limit: Int

    package init(limit: Int) { self.limit = limit }
}

extension [Tag] {
    fileprivate func withoutDoubles() -> [Tag] {
        var seen: Set<Tag> = []
        return filter { seen.insert($0).inserted }
    }
}
