internal import ArchiveKit
internal import Crypto
internal import FoundationEssentials
internal import Glibc
internal import ServerKit

/// One layer in the making: files in an archive that is made small as it grows. Used by one thread.
final class ImageArchive {
    private var small: [UInt8] = []
    private var hash = SHA256()
    private var folders: Set<String> = []
    private var stream: GzipStream?

    init(compression: Int32) throws {
        stream = try GzipStream(level: compression) { [unowned self] bytes in small += bytes }
    }

    private var writer: TarWriter {
        TarWriter { [unowned self] bytes in
            hash.update(bufferPointer: bytes)
            try stream?.bytes(bytes)
        }
    }

    func add(_ content: [UInt8], as name: String, mode: UInt32 = 0o644) throws {
        try addFolders(above: name)
        try writer.file(.file(name, size: Int64(content.count), mode: mode), content)
    }

    /// A file of this system, by default in the same place.
    func add(file: String, as name: String? = nil, mode: UInt32 = 0o644) throws {
        let content = try Data(contentsOf: URL(filePath: file), options: .mappedIfSafe)
        let name = name ?? String(file.drop { $0 == "/" })
        try addFolders(above: name)
        let entry = TarEntry.file(name, size: Int64(content.count), mode: mode)
        let writer = writer
        try writer.begin(entry)
        try content.withUnsafeBytes { try writer.bytes($0) }
        try writer.endFile(size: entry.size)
    }

    func add(folder name: String, mode: UInt32 = 0o755, owner: UInt32 = 0) throws {
        try addFolders(above: name)
        folders.insert(name)
        try writer.begin(.folder(name, mode: mode, owner: owner))
    }

    /// The layer, and the digest of what it unpacks to.
    func finish() throws -> (bytes: [UInt8], plainDigest: String) {
        try writer.finish()
        try stream?.finish()
        stream = nil
        return (small, "sha256:\(hash.finalize().hex)")
    }

    private func addFolders(above name: String) throws {
        let parts = name.split(separator: "/").dropLast()
        for count in 1..<(parts.count + 1) {
            let folder = parts.prefix(count).joined(separator: "/")
            if folders.insert(folder).inserted { try writer.begin(.folder(folder)) }
        }
    }
}
