package import OCI
package import ServerKit

/// The side of a blob store that a check needs.
///
/// Every backend passes `checkBlobQuarantineContract`.
package protocol BlobQuarantine: Sendable {
    /// Takes what lies in a blob's place out of it, keeps it elsewhere and says where.
    ///
    /// - Parameter opened: what was found damaged. When something else lies in the place by now, or nothing,
    /// that stays and the answer is nil. Without it, whatever lies there is meant.
    func setAside(_ digest: Digest, opened: (any StoredBlob)?) async throws(StoreError) -> String?

    /// Whether something lies in a blob's place, with this many bytes if a number is given.
    ///
    /// Synchronous and quick: it is asked inside transactions.
    func isInPlace(_ digest: Digest, size: Int64?) throws(StoreError) -> Bool
}
