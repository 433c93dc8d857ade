package import FoundationEssentials
import OCI
import ServerKit

/// Copies blobs into the store as if they were pushed, where their bytes cannot be shared.
package struct BlobCopy: Sendable {
    private let blobs: any BlobStore
    private let links: any BlobLinks
    private let ledger: any UploadLedger
    private let now: @Sendable () -> Date

    package init(
        blobs: any BlobStore, links: any BlobLinks, ledger: any UploadLedger,
        now: @escaping @Sendable () -> Date
    ) {
        self.blobs = blobs
        self.links = links
        self.ledger = ledger
        self.now = now
    }

    private static let pieceSize = 1 << 20

    /// Copies a blob and makes it visible in a repository. Throws `.damaged` when its bytes have another
    /// digest.
    func run(_ blob: any StoredBlob, _ digest: Digest, to repository: RepositoryName) async throws {
        var generator = SystemRandomNumberGenerator()
        let date = now()
        let record = UploadRecord(
            id: UploadID(using: &generator), repository: repository, account: "",
            algorithm: digest.algorithm, startedAt: date, movedAt: date)
        // As for a push: were this to break off, the sweep of uploads finds the row and clears away.
        try await ledger.begin(record)
        do {
            try await carry(blob, digest, record)
        } catch {
            try await discard(record)
            throw error
        }
        try await discard(record)
    }

    private func carry(_ blob: any StoredBlob, _ digest: Digest, _ record: UploadRecord) async throws {
        let upload = try await blobs.createUpload(record.id, algorithm: digest.algorithm)
        while upload.size < blob.size {
            let piece = try await blob.read(at: upload.size, count: Self.pieceSize)
            try await upload.append([piece])
        }
        let actual = try await upload.digest()
        guard actual == digest else { throw StoreError(.damaged, "its bytes have the digest \(actual)") }
        try await upload.publish(as: digest)
        try await links.link(digest, size: blob.size, in: record.repository, under: .none) {
            try upload.republish(as: digest)
        }
    }

    private func discard(_ record: UploadRecord) async throws {
        try await blobs.discardUpload(record.id)
        try await ledger.end(record.id)
    }
}
