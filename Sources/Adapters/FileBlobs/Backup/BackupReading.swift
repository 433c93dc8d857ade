import ArchiveKit
import Glibc
package import OCI
package import ServerKit

/// One thing that a backup holds.
package enum BackupItem: Hashable, Sendable {
    case blob(Digest)
    case database
    /// One of `DataFiles`.
    case file(String)
    /// What the backup says of itself.
    case note
}

/// A backup that is read, whether it is a folder or an archive. All calls block.
package struct BackupReading: Sendable {
    private let path: String
    private let isFolder: Bool

    /// Fills a buffer with the bytes of an item that come next; answers 0 at their end.
    package typealias Bytes = (UnsafeMutableRawBufferPointer) throws -> Int

    /// Throws `.missing` when nothing is there, and `.damaged` for what is no whole backup.
    package init(_ path: String) throws(StoreError) {
        self.path = path
        var status = stat()
        guard stat(path, &status) == 0 else { throw Disk.failure("opening \(path)") }
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard isFolder else { return }
        guard try Disk.facts(at: "\(path)/\(DataFiles.database)") != nil else {
            throw StoreError(
                .damaged, "\(path) holds no whole backup: there is no \(DataFiles.database) in it")
        }
    }

    /// Hands over everything, one thing after the other.
    package func items(_ take: (BackupItem, Bytes) throws -> Void) throws {
        if isFolder { try folderItems(take) } else { try archiveItems(take) }
    }

    private func folderItems(_ take: (BackupItem, Bytes) throws -> Void) throws {
        let layout = Layout(root: path)
        var last: Digest?
        while true {
            let page = try BlobWalk(layout: layout).page(after: last, limit: 1000)
            guard let end = page.last else { break }
            for digest in page { try hand(.blob(digest), layout.data(of: digest), take) }
            last = end
        }
        for name in try DataFiles.list(in: path) { try hand(.file(name), "\(path)/\(name)", take) }
        try hand(.database, "\(path)/\(DataFiles.database)", take)
    }

    private func hand(_ item: BackupItem, _ file: String, _ take: (BackupItem, Bytes) throws -> Void) throws {
        guard let descriptor = try Disk.open(file) else { throw StoreError(.missing, "\(file) is gone") }
        var offset: Int64 = 0
        try take(item) { buffer in
            let count = try Disk.read(into: buffer, from: descriptor, at: offset)
            offset += Int64(count)
            return count
        }
    }

    private func archiveItems(_ take: (BackupItem, Bytes) throws -> Void) throws {
        guard let file = try Disk.open(path) else { throw StoreError(.missing, "\(path) is gone") }
        var offset: Int64 = 0
        var reader = TarReader { buffer in
            let count = try Disk.read(into: buffer, from: file, at: offset)
            offset += Int64(count)
            return count
        }
        do {
            while let entry = try reader.next() {
                guard entry.kind == .file, let item = Self.item(entry.name) else {
                    throw StoreError(.damaged, "\(path) holds `\(entry.name)`, which no backup does")
                }
                try take(item) { try reader.read(into: $0) }
            }
        } catch let error as TarError {
            throw StoreError(.damaged, "\(path) \(error)")
        }
    }

    /// What an entry of an archive is; nil for what has no place in a data folder.
    private static func item(_ name: String) -> BackupItem? {
        if name == DataFiles.database { return .database }
        if name == DataFiles.note { return .note }
        let parts = name.split(separator: "/")
        if let digest = blob(parts), Layout(root: "").data(of: digest) == "/" + name { return .blob(digest) }
        return DataFiles.isAllowed(name) ? .file(name) : nil
    }

    private static func blob(_ parts: [Substring]) -> Digest? {
        guard parts.count == 8 else { return nil }
        return try? Digest("\(parts[4]):\(parts[6])")
    }
}
