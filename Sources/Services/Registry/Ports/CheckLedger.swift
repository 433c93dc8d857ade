package import OCI
package import ServerKit

/// What a check of the data walks along, and how far it has come.
///
/// Every backend passes `checkCheckLedgerContract`.
package protocol CheckLedger: Sendable {
    /// How much there is to check.
    func extent() async throws(StoreError) -> CheckExtent

    /// One page of the blobs that rows speak of, in order of their digests' text, those after `last`.
    func blobRecords(after last: Digest?, limit: Int) async throws(StoreError) -> [BlobRecord]

    /// Those of `digests` that no row speaks of, in the order given.
    func unrecorded(_ digests: [Digest]) async throws(StoreError) -> [Digest]

    /// One page of the manifests of all repositories, in the order of their positions, those after `last`.
    func manifestRecords(after last: Int64, limit: Int) async throws(StoreError) -> [ManifestRecord]

    /// How far the check of this name has come; nil when there has been none.
    func progress(of check: String) async throws(StoreError) -> CheckProgress?

    /// Keeps how far a check has come.
    func save(_ progress: CheckProgress, of check: String) async throws(StoreError)
}

/// A blob as its row has it.
package struct BlobRecord: Sendable, Hashable {
    package let digest: Digest
    package let size: Int64

    package init(digest: Digest, size: Int64) {
        self.digest = digest
        self.size = size
    }
}

/// A manifest as its row has it.
package struct ManifestRecord: Sendable, Hashable {
    /// Grows from each to the next, and never changes.
    package let position: Int64
    package let repository: RepositoryName
    package let manifest: StoredManifest

    package init(position: Int64, repository: RepositoryName, manifest: StoredManifest) {
        self.position = position
        self.repository = repository
        self.manifest = manifest
    }
}

/// How much a check has to go through.
package struct CheckExtent: Sendable, Hashable {
    package let blobs: Int
    /// Of all blobs together.
    package let bytes: Int64
    package let manifests: Int

    package init(blobs: Int, bytes: Int64, manifests: Int) {
        self.blobs = blobs
        self.bytes = bytes
        self.manifests = manifests
    }
}
