import ArchiveKit
import Glibc
package import OCI
package import ServerKit

/// A backup that is one file, an archive of `tar`: it is written beside its place, and put there when it is whole.
package final class BackupArchive: BackupPlace {
    private let path: String
    private let root: String
    private let layout: Layout
    private let draft: Descriptor
    private var taken: Set<Digest> = []
    private var offset: Int64 = 0

    /// Throws `.conflict` when there is a file of this name.
    package init(_ path: String, of root: String) throws(StoreError) {
        self.path = path
        self.root = root
        self.layout = Layout(root: root)
        guard try Disk.facts(at: path) == nil else {
            throw StoreError(
                .conflict, "\(path) is there already, and is not overwritten; choose another name")
        }
        try Disk.remove(path + Self.suffix)
        guard let draft = try Disk.create(path + Self.suffix) else {
            throw StoreError(.conflict, "another backup to \(path) has just begun")
        }
        self.draft = draft
    }

    package var snapshot: String { path + Self.suffix + ".db" }

    package func take(_ digest: Digest, size: Int64) throws -> BlobTaken {
        guard !taken.contains(digest) else { return .there }
        let source = layout.data(of: digest)
        guard let facts = try Disk.facts(at: source), let file = try Disk.open(source) else { return .gone }
        guard facts.size == size else { return .damaged }
        let name = Layout(root: "").data(of: digest).dropFirst()
        let found = try add(file, as: String(name), size: size, digest.algorithm)
        taken.insert(digest)
        return found == digest ? .copied : .damaged
    }

    package func take(file name: String) throws {
        let source = "\(root)/\(name)"
        guard let file = try Disk.open(source) else { return }
        _ = try add(file, as: name, size: try Disk.facts(file, source).size)
    }

    package func finish(note: [UInt8]) throws {
        guard let file = try Disk.open(snapshot) else { throw StoreError(.missing, "\(snapshot) is gone") }
        _ = try add(file, as: DataFiles.database, size: try Disk.facts(file, snapshot).size)
        try writer.file(.file(DataFiles.note, size: Int64(note.count)), note)
        try writer.finish()
        try Disk.sync(draft, path)
        guard try Disk.link(path + Self.suffix, path) == .linked else {
            throw StoreError(.conflict, "\(path) has come into being meanwhile, and is not overwritten")
        }
        _ = try Disk.syncFolder(FileCopy.folder(of: path))
        discard()
    }

    /// Removes what is of no use any more.
    package func discard() {
        for name in [path + Self.suffix, snapshot] { try? Disk.remove(name) }
    }

    /// Adds a file, of which `size` bytes are wanted, and says what their digest is.
    private func add(
        _ file: Descriptor, as name: String, size: Int64, _ algorithm: Digest.Algorithm = .sha256
    ) throws -> Digest {
        try writer.begin(.file(name, size: size))
        var rest = size
        let digest = try FileCopy.read(file, algorithm) { bytes in
            rest -= Int64(bytes.count)
            guard rest >= 0 else { throw Self.changed(name) }
            try writer.bytes(bytes)
        }
        guard rest == 0 else { throw Self.changed(name) }
        try writer.endFile(size: size)
        return digest
    }

    private static func changed(_ name: String) -> StoreError {
        StoreError(.conflict, "\(name) was changed while it was read; try again")
    }

    private var writer: TarWriter {
        TarWriter { [unowned self] bytes in
            try Disk.write(bytes, to: draft, at: offset, path)
            offset += Int64(bytes.count)
        }
    }

    private static let suffix = ".part"
}
