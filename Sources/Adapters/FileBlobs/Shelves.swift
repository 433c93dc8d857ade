import OCI
import Registry
import ServerKit
import Synchronization

/// Puts finished uploads into the places of blobs, and takes blobs away, so that other processes doing the
/// same on the same folder do no harm.
final class Shelves: Sendable {
    let layout: Layout
    /// How many bytes of the disk uploads leave free.
    var reserve: Int64 {
        get { room.load(ordering: .relaxed) }
        set { room.store(newValue, ordering: .relaxed) }
    }
    private let room: Atomic<Int64>
    /// Shelves that are known to be there and durable, so that only a blob's own folder needs syncing.
    private let durable = Mutex<Set<String>>([])

    /// Makes what is missing down to the folders of blobs and uploads.
    init(_ layout: Layout, reserve: Int64) throws(StoreError) {
        self.layout = layout
        self.room = Atomic(reserve)
        try Self.makeDurable(layout.blobs)
        try Self.makeDurable(layout.uploads)
    }

    /// Puts a synced upload into place under `digest` and makes the name durable. Returns the inode that now
    /// is in place. Throws `.missing` when the upload is gone.
    ///
    /// - Parameter replacing: whether also a file of the same size goes. It may be damaged, and the upload
    /// has just been hashed.
    func place(_ id: UploadID, size: Int64, as digest: Digest, replacing: Bool) throws(StoreError) -> UInt64 {
        // A blob that is being removed takes its folder along, perhaps between two of the calls here.
        for _ in 0..<Self.attemptsMax {
            guard try makeFolder(of: digest),
                try putName(id, size: size, as: digest, replacing: replacing)
            else { continue }
            // The names together: where one journal holds both, the second sync finds nothing to do. The shelf
            // also when the blob's folder was there: whoever made it may not have come to syncing its name.
            guard try Disk.syncFolder(layout.folder(of: digest)),
                try Disk.syncFolder(layout.shelf(of: digest)),
                let facts = try Disk.facts(at: layout.data(of: digest))
            else { continue }
            return facts.inode
        }
        throw StoreError(.unavailable, "placing \(digest): its folder keeps being removed")
    }

    /// Removes a blob and its folder. The removal need not be durable: bytes that come back after a power
    /// loss belong to nobody and are collected again.
    func remove(_ digest: Digest) throws(StoreError) {
        try Disk.remove(layout.data(of: digest))
        try Disk.removeFolderIfEmpty(layout.folder(of: digest))
    }

    /// Makes a blob's bytes those of an upload nobody has begun, and removes its folder. A rename takes the
    /// same moment for every size; giving the room back does not.
    func takeAway(_ digest: Digest) throws(StoreError) -> UploadID? {
        var generator = SystemRandomNumberGenerator()
        let id = UploadID(using: &generator)
        guard try Disk.rename(layout.data(of: digest), layout.upload(id)) else { return nil }
        try Disk.removeFolderIfEmpty(layout.folder(of: digest))
        return id
    }

    /// Gives the file of another registry at `path` the place of a blob as a second name, unless a file of the
    /// same size is there, and makes bytes and name durable. Throws `.conflict` when one of another size is:
    /// nobody has compared either with the digest.
    func adopt(_ path: String, size: Int64, as digest: Digest) throws(StoreError) {
        guard let file = try Disk.open(path) else { throw StoreError(.missing, "\(path) is not there") }
        // Whoever wrote it may not have waited for the disk.
        try Disk.sync(file, path)
        for _ in 0..<Self.attemptsMax {
            guard try makeFolder(of: digest) else { continue }
            let data = layout.data(of: digest)
            let outcome = try Disk.link(path, data)
            guard outcome != .sourceOrFolderMissing, let there = try Disk.facts(at: data) else { continue }
            guard there.size == size else {
                throw StoreError(.conflict, "\(data) has \(there.size) bytes, \(path) has \(size)")
            }
            if try Disk.syncFolder(layout.folder(of: digest)) { return }
        }
        throw StoreError(.missing, "placing \(digest): its folder or \(path) keeps being removed")
    }

    /// False when a folder went meanwhile and all has to be tried again.
    private func putName(_ id: UploadID, size: Int64, as digest: Digest, replacing: Bool) throws(StoreError)
        -> Bool
    {
        let (upload, data) = (layout.upload(id), layout.data(of: digest))
        switch try Disk.link(upload, data) {
        case .linked: return true
        case .sourceOrFolderMissing:
            guard try Disk.facts(at: upload) != nil else {
                throw StoreError(.missing, "placing \(digest): upload \(id) is gone")
            }
            return false
        case .taken:
            guard let there = try Disk.facts(at: data) else { return false }
            if there.size == size, !replacing { return true }
            return try replace(id, as: digest)
        }
    }

    /// Moves what is in a blob's place into quarantine and says where it is now; nil when that is another
    /// file than the one of this inode.
    func setAside(_ digest: Digest, inode: UInt64?) throws(StoreError) -> String? {
        try Self.makeDurable(layout.quarantine)
        let data = layout.data(of: digest)
        if let inode { guard try Disk.facts(at: data)?.inode == inode else { return nil } }
        guard let place = try freePlace(for: digest), try Disk.rename(data, place) else { return nil }
        if let inode, try Disk.facts(at: place)?.inode != inode {
            // A push has put new bytes there in this very moment: they go back.
            _ = try Disk.link(place, data)
            try Disk.remove(place)
            return nil
        }
        _ = try Disk.syncFolder(layout.quarantine)
        _ = try Disk.syncFolder(layout.folder(of: digest))
        try Disk.removeFolderIfEmpty(layout.folder(of: digest))
        return place
    }

    private func freePlace(for digest: Digest) throws(StoreError) -> String? {
        let taken = Set(
            try Disk.names(in: layout.quarantine).map { [layout] in "\(layout.quarantine)/\($0)" })
        for number in 1...taken.count + 1 {
            let place = layout.quarantined(digest, number: number)
            if !taken.contains(place) { return place }
        }
        return nil
    }

    /// What is in place may not be the blob: puts the upload there in one step.
    private func replace(_ id: UploadID, as digest: Digest) throws(StoreError) -> Bool {
        let second = layout.replacement(id)
        try Disk.remove(second)
        _ = try Disk.link(layout.upload(id), second)
        let isDone = try Disk.rename(second, layout.data(of: digest))
        // Renaming to another name of the same file does nothing and leaves both.
        try Disk.remove(second)
        return isDone
    }

    /// False when the shelf went meanwhile.
    private func makeFolder(of digest: Digest) throws(StoreError) -> Bool {
        let shelf = layout.shelf(of: digest)
        if !durable.withLock({ $0.contains(shelf) }) {
            try Self.makeDurable(shelf)
            durable.withLock { _ = $0.insert(shelf) }
        }
        do {
            _ = try Disk.makeFolder(layout.folder(of: digest))
        } catch  where error.kind == .missing {
            durable.withLock { _ = $0.remove(shelf) }
            return false
        }
        return true
    }

    /// Makes a folder and those above it. Their names survive a power loss, whoever made them.
    static func makeDurable(_ path: String) throws(StoreError) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { return }
        let above = String(path[..<slash])
        do {
            _ = try Disk.makeFolder(path)
        } catch  where error.kind == .missing {
            try makeDurable(above)
            _ = try Disk.makeFolder(path)
        }
        _ = try Disk.syncFolder(above)
    }

    private static let attemptsMax = 100
}
