import CLinux
import Glibc
package import OCI
package import ServerKit

/// A data folder that is filled from a backup. It becomes one when everything is there: the database comes last.
/// All calls block, and are made by one thread.
package struct RestoreFolder {
    private let root: String
    private let layout: Layout

    /// Takes an empty folder, or one in which a restore was begun. Throws `.conflict` for any other.
    package init(_ root: String) throws(StoreError) {
        self.root = root
        self.layout = Layout(root: root)
        try Shelves.makeDurable(root)
        let names = Set(try Disk.names(in: root)).subtracting(Self.harmless)
        guard !names.contains(DataFiles.database) else {
            // One that was cut off when all was done.
            try Disk.remove("\(root)/\(DataFiles.restoring)")
            throw StoreError(
                .conflict,
                "there is data in \(root) already, and nothing is overwritten: "
                    + "move it away, or name another folder with --data")
        }
        guard names.isEmpty || names.contains(DataFiles.restoring) else {
            throw StoreError(
                .conflict,
                "\(root) is not empty, and nothing is overwritten: "
                    + "empty it, or name another folder with --data")
        }
        _ = try Disk.create("\(root)/\(DataFiles.restoring)")
        _ = try Disk.syncFolder(root)
    }

    /// The database, until it has its place.
    package var snapshot: String { "\(root)/\(DataFiles.database).restored" }

    /// Puts one thing into place. False when it is a blob whose bytes are not those of its digest: then it is
    /// left out.
    package func put(_ item: BackupItem, _ bytes: BackupReading.Bytes) throws -> Bool {
        switch item {
        case .blob(let digest):
            let path = layout.data(of: digest)
            // A restore that was cut off has brought it, and named it when it was whole.
            if try Disk.facts(at: path) != nil { return true }
            try Shelves.makeDurable(layout.folder(of: digest))
            guard try FileCopy.write(path, as: digest, bytes) else {
                try Disk.removeFolderIfEmpty(layout.folder(of: digest))
                return false
            }
        case .file(let name):
            let path = "\(root)/\(name)"
            try Shelves.makeDurable(FileCopy.folder(of: path))
            _ = try FileCopy.write(path, as: nil, bytes)
        case .database: _ = try FileCopy.write(snapshot, as: nil, bytes)
        case .note: break
        }
        return true
    }

    package func has(_ digest: Digest, size: Int64) throws(StoreError) -> Bool {
        try Disk.facts(at: layout.data(of: digest))?.size == size
    }

    /// From here on it is a data folder.
    package func finish() throws(StoreError) {
        guard let lock = try Disk.open("\(root)/\(DataFiles.restoring)") else {
            throw StoreError(.missing, "\(root)/\(DataFiles.restoring) is gone")
        }
        guard homeport_sync_disk(lock.number) == 0 else { throw Disk.failure("syncing \(root)") }
        guard try Disk.rename(snapshot, "\(root)/\(DataFiles.database)") else {
            throw StoreError(.missing, "\(snapshot) is gone")
        }
        _ = try Disk.syncFolder(root)
        try Disk.remove("\(root)/\(DataFiles.restoring)")
    }

    /// What may lie in a folder that counts as empty.
    private static let harmless: Set<String> = ["lost+found", "homeport.lock"]
}
