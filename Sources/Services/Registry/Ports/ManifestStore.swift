package import FoundationEssentials
package import OCI
package import ServerKit

/// Repositories, their manifests, tags and who refers to what.
///
/// Every backend passes `checkManifestStoreContract`. What one call changes is changed by one transaction
/// that is durable when the call returns; what `conditions` ask is asked inside it (see `RepositoryConditions`). Cost
/// is per page or per document, never per repository. Dates are kept to the microsecond.
package protocol ManifestStore: Sendable {
    /// A manifest of this repository, byte for byte as it was pushed.
    func manifest(_ digest: Digest, in repository: RepositoryName) async throws(StoreError) -> StoredManifest?

    /// What a tag points to.
    func digest(of tag: Tag, in repository: RepositoryName) async throws(StoreError) -> Digest?

    /// Stores a manifest and points `tags` at it; the repository comes into being with it.
    ///
    /// Inside the transaction everything that the push requires must still be held by the repository; what is
    /// not is returned in the order given, blobs first, and then nothing was stored.
    ///
    /// Refused when any of the tags is pinned to another manifest, or when there is no room; a manifest that
    /// is there already needs none.
    func put(_ push: ManifestPush, in repository: RepositoryName, under conditions: RepositoryConditions)
        async throws(StoreError) -> [Digest]

    /// Removes a manifest and the tags that point to it; returns those tags in byte order, or nil when it was
    /// not there. The history of each tag says that `account` did it. Until a collection takes it, it can be
    /// restored, and what it needs stays. Refused while a tag that is kept leads to it, directly or through
    /// an index.
    func remove(
        _ digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> [Tag]?

    /// Removes a tag and leaves its manifest; false when it was not there. Refused for a tag that is kept.
    func remove(
        _ tag: Tag, in repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool

    /// One page of tags in byte order, those after `last`; nil when the repository does not exist.
    func tags(in repository: RepositoryName, after last: Tag?, limit: Int) async throws(StoreError) -> [Tag]?

    /// The tags that lead to a manifest, directly or through an index of the same repository that one points
    /// to.
    func tags(leadingTo digest: Digest, in repository: RepositoryName) async throws(StoreError) -> [Tag]

    /// One page of the manifests whose `subject` is `digest`, in order of their digests, those after `last`.
    func referrers(
        of digest: Digest, in repository: RepositoryName, artifactType: MediaType?, after last: Digest?,
        limit: Int
    ) async throws(StoreError) -> [Descriptor]

    /// One page of the repositories that have a manifest, in byte order, those after `last`.
    func repositories(after last: RepositoryName?, limit: Int) async throws(StoreError) -> [RepositoryName]

    /// What a listing for operators shows; nil when there is no such repository.
    func summary(of repository: RepositoryName) async throws(StoreError) -> RepositorySummary?

    /// Removes a repository with its tags, manifests and links, whatever its size in one short step; false
    /// when there is none. Until a collection takes it, it can be restored. Refused while it has a tag that
    /// is kept; to know that, its tags are looked at where there are such rules.
    func removeRepository(
        _ repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool
}

/// A manifest as it is kept.
package struct StoredManifest: Sendable, Hashable {
    package let digest: Digest
    package let mediaType: MediaType
    package let bytes: [UInt8]
    /// Since when no tag points to it; nil while one does.
    package let restsSince: Date?

    package init(digest: Digest, mediaType: MediaType, bytes: [UInt8], restsSince: Date? = nil) {
        self.digest = digest
        self.mediaType = mediaType
        self.bytes = bytes
        self.restsSince = restsSince
    }
}

/// What is stored with one push of a manifest.
package struct ManifestPush: Sendable {
    package let digest: Digest
    package let manifest: Manifest
    package let tags: [Tag]
    /// Blobs and manifests that the repository must hold. The store also keeps which of the manifest's
    /// references are blobs and which are manifests, so that what is referenced is not collected.
    package let requiredBlobs: [Digest]
    package let requiredManifests: [Digest]
    /// Who pushes; empty for somebody anonymous.
    package let account: String
    package let date: Date

    package init(
        digest: Digest, manifest: Manifest, tags: [Tag], requiredBlobs: [Digest], requiredManifests: [Digest],
        account: String, date: Date
    ) {
        self.digest = digest
        self.manifest = manifest
        self.tags = tags
        self.requiredBlobs = requiredBlobs
        self.requiredManifests = requiredManifests
        self.account = account
        self.date = date
    }
}

/// A repository in numbers.
package struct RepositorySummary: Sendable, Hashable {
    package let name: RepositoryName
    package let tagCount: Int
    package let manifestCount: Int
    /// Bytes of the distinct blobs and manifests it holds.
    package let size: Int64
    package let lastPush: Date?

    package init(name: RepositoryName, tagCount: Int, manifestCount: Int, size: Int64, lastPush: Date?) {
        self.name = name
        self.tagCount = tagCount
        self.manifestCount = manifestCount
        self.size = size
        self.lastPush = lastPush
    }
}
