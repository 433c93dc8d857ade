package import Access
package import FoundationEssentials
package import OCI
package import ServerKit

/// Which repository holds which blob: a blob is visible only where it is linked.
///
/// What `conditions` ask is asked inside the transaction that makes the change; see `RepositoryConditions`.
/// Every backend passes `checkBlobLinksContract`.
package protocol BlobLinks: Sendable {
    /// A blob that this repository holds, or nil when it does not.
    func blob(_ digest: Digest, in repository: RepositoryName) async throws(StoreError) -> HeldBlob?

    /// Makes a blob visible in a repository, which comes into being with it. Linking twice is not a failure,
    /// and a use of it that needs no room; so is mounting twice.
    ///
    /// - Parameter isPresent: asked inside the transaction, so that collecting garbage and linking cannot
    /// miss each other; when it answers false nothing is linked and the call throws `.missing`.
    func link(
        _ digest: Digest, size: Int64, in repository: RepositoryName, under conditions: RepositoryConditions,
        isPresent: @Sendable @escaping () throws -> Bool
    ) async throws(StoreError)

    /// Makes a blob of `source` visible in `repository` too and returns its size; nil when `source` does not
    /// hold it.
    func mount(
        _ digest: Digest, from source: RepositoryName, in repository: RepositoryName,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> Int64?

    /// Takes a blob out of a repository; false when it was not there. Refused while a tag that is kept leads
    /// to it.
    ///
    /// - Parameter account: who does it.
    func unlink(
        _ digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool

    /// How many bytes the repositories hold whose names match: the distinct blobs and manifests of each.
    func used(by repositories: Glob) async throws(StoreError) -> Int64

    /// Up to `limit` repositories that hold this blob, for a mount that names no source.
    func repositories(holding digest: Digest, limit: Int) async throws(StoreError) -> [RepositoryName]

    /// Those of `digests` that this repository does not hold, in the order given.
    func missing(_ digests: [Digest], in repository: RepositoryName) async throws(StoreError) -> [Digest]

    /// Forgets up to `limit` blobs that no repository has held since `moment`, as many as take a few
    /// milliseconds, and at least one; calls `remove` for each inside the transaction, row before bytes.
    /// Returns what it forgot, with sizes in bytes; nothing when there is no more.
    func collect(
        unheldSince moment: Date, limit: Int, remove: @Sendable @escaping (Digest) throws -> Void
    ) async throws(StoreError) -> [Digest: Int64]
}

/// A blob as one repository holds it.
package struct HeldBlob: Sendable, Hashable {
    /// In bytes.
    package let size: Int64
    /// Since when no manifest of the repository refers to it; nil while one does.
    package let restsSince: Date?

    package init(size: Int64, restsSince: Date?) {
        self.size = size
        self.restsSince = restsSince
    }
}

extension BlobLinks {
    /// The size of a blob that this repository holds, or nil when it does not.
    package func size(of digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Int64? {
        try await blob(digest, in: repository)?.size
    }
}
