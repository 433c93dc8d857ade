import Glibc
import OCI
import Registry
package import ServerKit

/// The other files of a data folder: those that are neither blobs, nor the database, nor only of this moment.
package enum DataFiles {
    /// The database, as a data folder and a backup call it.
    package static let database = "homeport.db"
    /// What a backup says of itself. A folder without it holds no whole backup.
    package static let note = "homeport.backup.json"
    /// There while a restore is not finished.
    package static let restoring = "homeport.restoring"
    /// What a data folder says of its last backup.
    package static let lastBackup = "homeport.last-backup.json"

    /// Held by who writes a backup.
    static let backupLock = "homeport.backup.lock"
    private static let ownPrefix = "homeport."
    private static let others: Set<String> = ["docker", "damaged", "lost+found"]
    private static let depthMax = 16

    /// Their names below `root`, in order. A name that begins with a dot is a draft, and is not among them.
    package static func list(in root: String) throws(StoreError) -> [String] {
        var found: [String] = []
        for name in try Disk.names(in: root).sorted()
        where !name.hasPrefix(ownPrefix) && !others.contains(name) {
            try collect(name, in: root, depth: 1, into: &found)
        }
        return found
    }

    /// Whether others than its owner may look into a folder.
    package static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o077 != 0
    }

    /// Whether an archive may put a file of this name into a data folder.
    static func isAllowed(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= depthMax, !first.hasPrefix(ownPrefix),
            !others.contains(String(first))
        else { return false }
        return parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.utf8.contains(0) }
    }

    private static func collect(
        _ name: String, in root: String, depth: Int, into found: inout [String]
    ) throws(StoreError) {
        guard isAllowed(name), depth <= depthMax else { return }
        var status = stat()
        guard lstat("\(root)/\(name)", &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFREG: found.append(name)
        case S_IFDIR:
            for inner in try Disk.names(in: "\(root)/\(name)").sorted() {
                try collect("\(name)/\(inner)", in: root, depth: depth + 1, into: &found)
            }
        default: break
        }
    }
}

/// Files that are copied piece by piece, and hashed on the way where that is asked for.
enum FileCopy {
    private static let pieceSize = 1 << 20

    /// Hands the bytes of a file to `take`, and says what their digest is.
    static func read(
        _ file: Descriptor, _ algorithm: Digest.Algorithm = .sha256,
        _ take: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Digest {
        var offset: Int64 = 0
        return try hash(algorithm) { buffer in
            let count = try Disk.read(into: buffer, from: file, at: offset)
            offset += Int64(count)
            return count
        } take: {
            try take($0)
        }
    }

    /// The same for bytes from anywhere: `read` fills the buffer, and answers 0 at the end.
    static func hash(
        _ algorithm: Digest.Algorithm, _ read: (UnsafeMutableRawBufferPointer) throws -> Int,
        take: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Digest {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 4096)
        defer { piece.deallocate() }
        var hash = ContentHash(algorithm)
        while true {
            let count = try read(piece)
            guard count > 0 else { return hash.digest }
            let part = UnsafeRawBufferPointer(rebasing: piece[..<count])
            hash.update(part)
            try take(part)
        }
    }

    /// Writes a file anew beside `path` and gives it its name when it is durable and `digest` is that of its
    /// bytes. False when it is not: then nothing has changed.
    static func write(
        _ path: String, as digest: Digest?, _ read: (UnsafeMutableRawBufferPointer) throws -> Int
    ) throws -> Bool {
        let draft = path + ".new"
        try Disk.remove(draft)
        guard let file = try Disk.create(draft) else {
            throw StoreError(.conflict, "\(draft) has just been made by somebody else")
        }
        do {
            var offset: Int64 = 0
            let found = try hash(digest?.algorithm ?? .sha256, read) { bytes in
                try Disk.write(bytes, to: file, at: offset, draft)
                offset += Int64(bytes.count)
            }
            if let digest, digest != found {
                try Disk.remove(draft)
                return false
            }
            try Disk.sync(file, draft)
            guard try Disk.rename(draft, path) else { throw StoreError(.missing, "\(draft) is gone") }
            return true
        } catch {
            try? Disk.remove(draft)
            throw error
        }
    }

    /// Copies a small file whole, when it is still there.
    static func copy(_ source: String, to target: String) throws {
        guard let file = try Disk.open(source) else { return }
        var offset: Int64 = 0
        _ = try write(target, as: nil) { buffer in
            let count = try Disk.read(into: buffer, from: file, at: offset)
            offset += Int64(count)
            return count
        }
    }

    /// The folder that a name lies in.
    static func folder(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
    }
}
