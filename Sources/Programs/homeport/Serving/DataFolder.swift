internal import FoundationEssentials
internal import Glibc
internal import ServerKit

/// The folder everything lies in: the database, the blobs, and the lock of the server that has it open.
struct DataFolder: Sendable {
    /// Absolute.
    let path: String

    /// - Parameter path: as the configuration has it; a relative one is meant from where the program was
    /// started.
    init(_ path: String) {
        let isAbsolute = path.hasPrefix("/")
        let whole = isAbsolute ? path : FileManager.default.currentDirectoryPath + "/" + path
        self.path = URL(filePath: whole).standardized.path(percentEncoded: false)
    }

    var database: String { path + "/homeport.db" }

    /// Whether a server has been started here before.
    var hasStore: Bool { FileManager.default.fileExists(atPath: database) }

    /// Makes the folder, for its owner alone, unless it is there.
    func create() throws(CommandFailure) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unreachable("the folder \(path) cannot be made: \(Self.reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileWriteNoPermission?: "permission denied"
        case .fileWriteFileExists?: "there is a file of this name"
        case .fileWriteVolumeReadOnly?: "the disk is read-only"
        case .fileWriteOutOfSpace?: "the disk is full"
        default: "\(error)"
        }
    }

    /// Takes the folder for this server; another one is refused until the lock goes, at the latest with the
    /// process.
    func lock() throws(CommandFailure) -> FolderLock {
        let file = path + "/homeport.lock"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unreachable("\(file) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(descriptor)
            close(descriptor)
            throw .unreachable(
                "another server\(owner) already serves the data in \(path); "
                    + "stop it first, or give this one a folder of its own with --data")
        }
        let note = "\(getpid())\n"
        ftruncate(descriptor, 0)
        Terminal.write(note, to: descriptor)
        return FolderLock(descriptor: descriptor)
    }

    /// ` (process 123)`, as far as the file says it.
    private static func owner(_ descriptor: CInt) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }
}

/// Held as long as the server runs.
final class FolderLock: Sendable {
    private let descriptor: CInt

    fileprivate init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
