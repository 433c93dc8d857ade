package import FoundationEssentials
package import OCI
package import ServerKit

/// The uploads that have been started and not finished; their bytes are the `BlobStore`'s.
///
/// Every backend passes `checkUploadLedgerContract`. What is noted here survives the end of the process, but need
/// not survive a power loss: an upload without a note is swept away, and one without bytes is not found.
package protocol UploadLedger: Sendable {
    /// Notes a new upload. Throws `.conflict` when there is one of this identifier.
    func begin(_ upload: UploadRecord) async throws(StoreError)

    /// The upload with this identifier, or nil.
    func upload(_ id: UploadID) async throws(StoreError) -> UploadRecord?

    /// Notes that an upload has moved, so that it is not taken for abandoned. An upload that is not there is
    /// not a failure.
    func touch(_ id: UploadID, at date: Date) async throws(StoreError)

    /// Forgets an upload. Forgetting one that is not there is not a failure.
    func end(_ id: UploadID) async throws(StoreError)

    /// Forgets an upload if it has not moved since `moment`; false when it has, or is not there.
    func end(_ id: UploadID, ifIdleSince moment: Date) async throws(StoreError) -> Bool

    /// Up to `limit` uploads that have not moved since `moment`, the one that rested longest first.
    func idle(since moment: Date, limit: Int) async throws(StoreError) -> [UploadRecord]
}

/// Names an upload in URLs: 128 random bits as 32 lowercase hex digits. Knowing it is not enough to use it.
package struct UploadID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: Substring) {
        let isHex = text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard text.utf8.count == 32, isHex else { return nil }
        self.description = String(text)
    }

    package init(using generator: inout some RandomNumberGenerator) {
        let digits = Array("0123456789abcdef")
        self.description = String((0..<32).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }
}

/// An upload in progress: where it goes, who started it.
package struct UploadRecord: Sendable, Hashable {
    package let id: UploadID
    package let repository: RepositoryName
    /// Who started it, and alone may go on with it; empty for somebody anonymous.
    package let account: String
    /// What the bytes are hashed by.
    package var algorithm: Digest.Algorithm
    package let startedAt: Date
    package var movedAt: Date

    package init(
        id: UploadID, repository: RepositoryName, account: String, algorithm: Digest.Algorithm,
        startedAt: Date,
        movedAt: Date
    ) {
        self.id = id
        self.repository = repository
        self.account = account
        self.algorithm = algorithm
        self.startedAt = startedAt
        self.movedAt = movedAt
    }
}
