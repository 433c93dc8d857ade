package import FoundationEssentials
package import NIOCore
package import OCI
package import ServerKit

/// Where the bytes of blobs are kept: immutable, named by their digest. It knows nothing of repositories.
///
/// Every backend passes `checkBlobStoreContract`. Calls may come from any task; none blocks a concurrency
/// thread.
package protocol BlobStore: Sendable {
    /// The size of a stored blob in bytes, or nil when it is not there.
    func size(of digest: Digest) async throws(StoreError) -> Int64?

    /// Opens a stored blob for reading. Throws `.missing` when it is not there.
    ///
    /// What was opened stays readable to its end, also when the blob is removed meanwhile. Where that cannot be
    /// promised, reading it throws `.missing` then; other bytes than those that were opened never come.
    func open(_ digest: Digest) async throws(StoreError) -> any StoredBlob

    /// Removes a blob. Removing one that is not there is not a failure.
    func remove(_ digest: Digest) async throws(StoreError)

    /// Takes a blob away at once: what `BlobLinks.collect` calls inside its transaction, so that a row and
    /// its bytes cannot miss each other. Where giving the room back takes time, its bytes become those of an
    /// upload, which the caller discards when it can, or else a sweep. Nil when there is nothing to discard.
    ///
    /// Synchronous and quick, however large the blob is, on a thread that may block.
    func takeAway(_ digest: Digest) throws(StoreError) -> UploadID?

    /// Throws `.full` when there is so little room left that it is kept for upkeep: deleting, collecting and
    /// what the facts need. To be called before anything is pushed.
    func requireRoom() async throws(StoreError)

    /// Starts an upload, which lives until it is discarded, across restarts. Throws `.conflict` when there is
    /// one of this name.
    func createUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError) -> any BlobUpload

    /// Takes up an upload that was started before, hashing what it already has. Throws `.missing` when there
    /// is none.
    func resumeUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError) -> any BlobUpload

    /// Throws an upload away, whatever state it is in. Discarding one that is not there is not a failure.
    func discardUpload(_ id: UploadID) async throws(StoreError)

    /// Every upload that has bytes here, in no order: what a sweep compares with the rows.
    func uploads() async throws(StoreError) -> [UploadID]

    /// Frees what calls that were cut off before `moment` have left and no other call names. Costs next to nothing
    /// when it is called often.
    func clearLeftovers(before moment: Date) async throws(StoreError)

    /// One page of the stored digests in order of their text, those after `last`: what a sweep or a check
    /// walks.
    func digests(after last: Digest?, limit: Int) async throws(StoreError) -> [Digest]

    /// Those of `digests` that have been in their places since before `moment`, with their sizes in bytes.
    /// None while another program may count on blobs that no row knows.
    func settled(before moment: Date, among digests: [Digest]) async throws(StoreError) -> [Digest: Int64]
}

/// A blob that is open for reading; closed when the last reference goes.
package protocol StoredBlob: AnyObject, Sendable {
    /// In bytes.
    var size: Int64 { get }

    /// A descriptor of a plain file with exactly these bytes, for `sendfile`; nil where there is none. Valid
    /// as long as this object lives.
    var fileDescriptor: CInt? { get }

    /// Reads up to `count` bytes from `offset`; fewer only at the end.
    func read(at offset: Int64, count: Int) async throws(StoreError) -> ByteBuffer
}

/// An upload that grows: one caller at a time.
package protocol BlobUpload: AnyObject, Sendable {
    /// How many bytes have been taken.
    var size: Int64 { get }

    /// Writes the pieces at the end, one after the other, hashing on the way: all of them or, when it throws,
    /// none. Returns before the disk is sure of it: `publish` makes sure.
    func append(_ pieces: [ByteBuffer]) async throws(StoreError)

    /// Returns when all that was taken survives the end of the process, and another process that resumes the
    /// upload finds it. Called before a client is told how far an upload has come.
    func settle() async throws(StoreError)

    /// Whether the upload is still as this object left it when it settled. Not so when another process has gone on
    /// with it or ended it: it has to be resumed then.
    func isCurrent() async throws(StoreError) -> Bool

    /// The digest of everything appended so far, by the upload's algorithm.
    func digest() async throws(StoreError) -> Digest

    /// Syncs the bytes and puts them into place under `digest`, which the caller has compared. When it
    /// returns, the blob and its name survive a power loss. The upload stays until it is discarded, so that
    /// `republish` can help.
    func publish(as digest: Digest) async throws(StoreError)

    /// Whether the blob is in its place, putting it there again when something removed it since `publish`. Where
    /// that is not the work of a moment, the answer is false and `publish` is called once more.
    ///
    /// Synchronous and quick: it is asked inside the transaction that makes a row point at the bytes.
    func republish(as digest: Digest) throws(StoreError) -> Bool
}

extension BlobUpload {
    package func append(_ bytes: ByteBuffer) async throws(StoreError) { try await append([bytes]) }
}
