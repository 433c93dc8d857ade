import OCI
import Registry
import ServerKit
import Synchronization

/// Puts finished uploads into the places of blobs, and takes blobs away, so that other processes doing the
/// same on the same folder do no harm.
final class Shelves: Sendable {
    let layout: Layout
    /// Shelves that are known to be there and durable, so that only a blob's own folder needs syncing.
    private let durable = Mutex<Set<String>>([])

    /// Makes what is missing down to the folders of blobs and uploads.
    init(_ layout: Layout) throws(StoreError) {
        self.layout = layout
        try Self.makeDurable(layout.blobs)
        try Self.makeDurable(layout.uploads)
    }

    /// Puts a synced upload into place under `digest`, unless a file of the same size is there, and makes the
    /// name durable. Returns the inode that now is in place. Throws `.missing` when the upload is gone.
    func place(_ id: UploadID, size: Int64, as digest: Digest) throws(StoreError) -> UInt64 {
        // A blob that is being removed takes its folder along, perhaps between two of the calls here.
        for _ in 0..<Self.attemptsMax {
            guard try makeFolder(of: digest), try putName(id, size: size, as: digest) else { continue }
            let folder = layout.folder(of: digest)
            guard try Disk.syncFolder(folder), let facts = try Disk.facts(at: layout.data(of: digest)) else {
                continue
            }
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

    /// False when a folder went meanwhile and all has to be tried again.
    private func putName(_ id: UploadID, size: Int64, as digest: Digest) throws(StoreError) -> Bool {
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
            return there.size == size ? true : try replace(id, as: digest)
        }
    }

    /// What is in place cannot be the blob: puts the upload there in one step.
    private func replace(_ id: UploadID, as digest: Digest) throws(StoreError) -> Bool {
        let second = layout.replacement(id)
        try Disk.remove(second)
        _ = try Disk.link(layout.upload(id), second)
        return try Disk.rename(second, layout.data(of: digest))
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
        // Also when the folder was there: whoever made it may not have come to syncing its name yet.
        return try Disk.syncFolder(shelf)
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
