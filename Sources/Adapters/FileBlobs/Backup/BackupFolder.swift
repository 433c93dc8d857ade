import CLinux
import Glibc
package import OCI
package import ServerKit

/// A backup that is a folder, laid out as a data folder: it is kept up to date by the same call, which brings what
/// is new and then removes what is no longer needed.
package final class BackupFolder: BackupPlace {
    private let path: String
    private let data: Layout
    private let kept: Layout
    private let root: String
    private let copies: Bool
    private let lock: Descriptor

    /// Makes the folder, or takes one that holds a backup. Throws `.conflict` for a folder with something else in
    /// it, and while another backup is written there.
    ///
    /// - Parameters:
    ///   - root: the data folder.
    ///   - copies: whether blobs are copied also where a second name would do.
    package init(_ path: String, of root: String, copies: Bool) throws(StoreError) {
        self.path = path
        self.root = root
        self.data = Layout(root: root)
        self.kept = Layout(root: path)
        self.copies = copies
        try Shelves.makeDurable(path)
        let names = try Disk.names(in: path).filter { $0 != "lost+found" }
        guard names.isEmpty || names.contains(DataFiles.backupLock) else {
            throw StoreError(
                .conflict, "\(path) has something else in it; a backup needs a folder of its own")
        }
        let file = "\(path)/\(DataFiles.backupLock)"
        _ = try Disk.create(file)
        guard let lock = try Disk.open(file, writing: true) else {
            throw StoreError(.missing, "\(file) keeps being removed")
        }
        guard flock(lock.number, LOCK_EX | LOCK_NB) == 0 else {
            throw StoreError(.conflict, "another backup to \(path) is under way: let it finish first")
        }
        self.lock = lock
    }

    package var snapshot: String { "\(database).new" }
    /// The snapshot, once it has its place.
    package var database: String { "\(path)/\(DataFiles.database)" }

    package func take(_ digest: Digest, size: Int64) throws -> BlobTaken {
        let (source, target) = (data.data(of: digest), kept.data(of: digest))
        let before = try Disk.facts(at: target)
        guard let facts = try Disk.facts(at: source) else { return before?.size == size ? .there : .gone }
        guard facts.size == size else { return .damaged }
        if copies, before?.size == size { return .there }
        try Shelves.makeDurable(kept.folder(of: digest))
        if !copies {
            // A file of another number is a copy, or one that was found damaged and has been replaced since.
            if before?.inode == facts.inode { return .there }
            switch try link(source, target) {
            case .linked: return .linked
            case .gone: return .gone
            case .impossible: if before?.size == size { return .there }
            }
        }
        guard let file = try Disk.open(source) else { return .gone }
        var offset: Int64 = 0
        let isWhole = try FileCopy.write(target, as: digest) { buffer in
            let count = try Disk.read(into: buffer, from: file, at: offset)
            offset += Int64(count)
            return count
        }
        return isWhole ? .copied : .damaged
    }

    private enum Linked { case linked, gone, impossible }

    /// Gives a file a second name, in place of what has it now.
    private func link(_ source: String, _ target: String) throws(StoreError) -> Linked {
        let draft = target + ".link"
        try Disk.remove(draft)
        guard Glibc.link(source, draft) == 0 else {
            switch errno {
            case ENOENT: return .gone
            // Another disk, a file system without second names, or too many of them.
            case EXDEV, EPERM, EOPNOTSUPP, EMLINK: return .impossible
            default: throw Disk.failure("linking \(source) to \(target)")
            }
        }
        return try Disk.rename(draft, target) ? .linked : .gone
    }

    package func take(file name: String) throws {
        let target = "\(path)/\(name)"
        try Shelves.makeDurable(FileCopy.folder(of: target))
        try FileCopy.copy("\(root)/\(name)", to: target)
    }

    package func finish(note: [UInt8]) throws {
        // The names of all blobs have to be durable before a database that speaks of them is.
        guard homeport_sync_disk(lock.number) == 0 else { throw Disk.failure("syncing \(path)") }
        guard try Disk.rename(snapshot, database) else {
            throw StoreError(.missing, "\(snapshot) is gone")
        }
        _ = try Disk.syncFolder(path)
        var rest = note[...]
        _ = try FileCopy.write("\(path)/\(DataFiles.note)", as: nil) { buffer in
            let count = min(buffer.count, rest.count)
            buffer.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            return count
        }
        _ = try Disk.syncFolder(path)
    }

    /// Removes what is no longer needed, after `finish`. Says how many blobs that were.
    ///
    /// - Parameter known: those of some digests that the new backup has.
    package func prune(known: ([Digest]) throws -> Set<Digest>) throws -> Int {
        var count = 0
        var last: Digest?
        let shelves = try Shelves(kept, reserve: 0)
        while true {
            let page = try BlobWalk(layout: kept).page(after: last, limit: Self.pageSize)
            guard let end = page.last else { break }
            let kept = try known(page)
            for digest in page where !kept.contains(digest) {
                try shelves.remove(digest)
                count += 1
            }
            last = end
        }
        let current = Set(try DataFiles.list(in: root))
        for name in try DataFiles.list(in: path) where !current.contains(name) {
            try Disk.remove("\(path)/\(name)")
        }
        return count
    }

    private static let pageSize = 1000
}
