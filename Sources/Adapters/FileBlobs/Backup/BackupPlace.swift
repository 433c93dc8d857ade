package import OCI

/// What became of a blob that a backup is to have.
package enum BlobTaken: Sendable, Hashable {
    /// An earlier backup has brought it.
    case there
    /// It has one more name, and takes no room.
    case linked
    case copied
    /// It is not in its place: it was collected meanwhile, or lost.
    case gone
    /// Its bytes are not those of its digest.
    case damaged
}

/// Where a backup goes. All calls block, and are made by one thread.
///
/// What an earlier backup has left in the same place is whole until `finish`, and the new one is whole after it,
/// whatever is killed when.
package protocol BackupPlace: AnyObject {
    /// Where the snapshot of the database is to be made.
    var snapshot: String { get }

    func take(_ digest: Digest, size: Int64) throws -> BlobTaken
    /// Copies one of `DataFiles`.
    func take(file name: String) throws
    /// Takes in the snapshot, which is closed by now. The backup counts from this moment on.
    func finish(note: [UInt8]) throws
}
