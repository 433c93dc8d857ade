internal import FileBlobs
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

    /// Why a folder could not be made, in a word or two.
    static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileWriteNoPermission?: "permission denied"
        case .fileWriteFileExists?: "there is a file of this name"
        case .fileWriteVolumeReadOnly?: "the disk is read-only"
        case .fileWriteOutOfSpace?: "the disk is full"
        default: "\(error)"
        }
    }

    /// Takes the folder for this server; another one is refused until the lock goes, at the latest with the
    /// process. One in which a restore was not finished is refused.
    func lock(restoring: Bool = false) throws(CommandFailure) -> FolderLock {
        if !restoring, !hasStore, FileManager.default.fileExists(atPath: "\(path)/\(DataFiles.restoring)") {
            throw .unreachable(
                "a restore into \(path) was not finished: call `homeport restore` once more, with the same backup"
            )
        }
        return try lock("homeport.lock") { owner in
            "another server\(owner) already serves the data in \(path); "
                + "stop it first, or give this one a folder of its own with --data"
        }
    }

    /// Whether a server, or a restore, holds it now.
    var isServed: Bool {
        let descriptor = open("\(path)/homeport.lock", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return true }
        flock(descriptor, LOCK_UN)
        return false
    }

    /// The process that serves it now, as far as it says so itself; nil when nobody does.
    var server: Int? {
        guard isServed else { return nil }
        let descriptor = open("\(path)/homeport.lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return Self.process(descriptor)
    }

    /// Keeps a second check of the same data from being run by hand beside this one.
    func lockForCheck() throws(CommandFailure) -> FolderLock {
        try lock("homeport.verify.lock") { owner in
            "another `homeport verify`\(owner) is at work on \(path): let it finish, or stop it first"
        }
    }

    private func lock(_ name: String, refusal: (_ owner: String) -> String) throws(CommandFailure)
        -> FolderLock
    {
        let file = "\(path)/\(name)"
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unreachable("\(file) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.owner(descriptor)
            close(descriptor)
            throw .unreachable(refusal(owner))
        }
        let note = "\(getpid())\n"
        ftruncate(descriptor, 0)
        Terminal.write(note, to: descriptor)
        return FolderLock(descriptor: descriptor)
    }

    /// ` (process 123)`, as far as the file says it.
    private static func owner(_ descriptor: CInt) -> String {
        process(descriptor).map { " (process \($0))" } ?? ""
    }

    /// What a lock's file says of who holds it.
    private static func process(_ descriptor: CInt) -> Int? {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (48...57).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self)).flatMap { $0 > 1 ? $0 : nil }
    }
}

/// Held as long as the server runs.
final class FolderLock: Sendable {
    private let descriptor: CInt

    fileprivate init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
