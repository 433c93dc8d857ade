package import FoundationEssentials
package import OCI
package import ServerKit

/// Which repository holds which blob: a blob is visible only where it is linked.
///
/// Every backend passes `checkBlobLinksContract`.
package protocol BlobLinks: Sendable {
    /// The size of a blob that this repository holds, or nil when it does not.
    func size(of digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Int64?

    /// Makes a blob visible in a repository, which comes into being with it. Linking twice is not a failure.
    ///
    /// - Parameter isPresent: asked inside the transaction, so that collecting garbage and linking cannot
    /// miss each other; when it answers false nothing is linked and the call throws `.missing`.
    func link(
        _ digest: Digest, size: Int64, in repository: RepositoryName,
        isPresent: @Sendable @escaping () throws -> Bool
    ) async throws(StoreError)

    /// Makes a blob of `source` visible in `repository` too and returns its size; nil when `source` does not
    /// hold it.
    func mount(_ digest: Digest, from source: RepositoryName, in repository: RepositoryName)
        async throws(StoreError)
        -> Int64?

    /// Takes a blob out of a repository; false when it was not there.
    func unlink(_ digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Bool

    /// Up to `limit` repositories that hold this blob, for a mount that names no source.
    func repositories(holding digest: Digest, limit: Int) async throws(StoreError) -> [RepositoryName]

    /// Those of `digests` that this repository does not hold, in the order given.
    func missing(_ digests: [Digest], in repository: RepositoryName) async throws(StoreError) -> [Digest]

    /// Forgets up to `limit` blobs that no repository has held since `moment`, calling `remove` for each
    /// inside the transaction, row before bytes. Returns what it forgot, with sizes in bytes.
    func collect(
        unheldSince moment: Date, limit: Int, remove: @Sendable @escaping (Digest) throws -> Void
    ) async throws(StoreError) -> [Digest: Int64]
}
