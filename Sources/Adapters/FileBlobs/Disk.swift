import CLinux
import Glibc
import ServerKit
import SystemPackage

/// The system calls this module makes, with errors that say what was being done. All of them block.
enum Disk {
    /// What `fstat` tells of a plain file.
    struct Facts {
        let size: Int64
        let inode: UInt64
        /// Under how many names it lies.
        let names: UInt64
        /// When its names or its bytes last changed, in seconds since 1970.
        let changed: Double
    }

    static let folderMode: mode_t = 0o700
    static let fileMode: mode_t = 0o600

    /// Opens a plain file; nil when there is none. A symbolic link in its place is not followed.
    static func open(_ path: String, writing: Bool = false) throws(StoreError) -> Descriptor? {
        let flags = (writing ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let number = retrying { Glibc.open(path, flags) }
        guard number >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("opening \(path)")
        }
        return Descriptor(number)
    }

    /// Makes a file that is not there yet; nil when something is.
    static func create(_ path: String) throws(StoreError) -> Descriptor? {
        let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let number = retrying { Glibc.open(path, flags, fileMode) }
        guard number >= 0 else {
            if errno == EEXIST { return nil }
            throw failure("creating \(path)")
        }
        return Descriptor(number)
    }

    static func facts(_ descriptor: Descriptor, _ path: String) throws(StoreError) -> Facts {
        var status = stat()
        guard fstat(descriptor.number, &status) == 0 else { throw failure("looking at \(path)") }
        return try facts(status, path)
    }

    /// Nil when there is nothing at `path`.
    static func facts(at path: String) throws(StoreError) -> Facts? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("looking at \(path)")
        }
        return try facts(status, path)
    }

    private static func facts(_ status: stat, _ path: String) throws(StoreError) -> Facts {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw StoreError(.damaged, "\(path) is not a plain file")
        }
        return Facts(
            size: Int64(status.st_size), inode: UInt64(status.st_ino), names: UInt64(status.st_nlink),
            changed: Double(status.st_ctim.tv_sec) + Double(status.st_ctim.tv_nsec) / 1e9)
    }

    /// Writes all of `bytes` at `offset`.
    static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Descriptor, at offset: Int64, _ path: String
    ) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = retrying {
                pwrite(descriptor.number, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            }
            guard count > 0 else { throw failure("writing \(path)") }
            done += count
        }
    }

    /// Reads until `buffer` is full or the file ends; returns how much that was.
    static func read(
        into buffer: UnsafeMutableRawBufferPointer, from descriptor: Descriptor, at offset: Int64
    ) throws(StoreError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = retrying {
                pread(descriptor.number, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            }
            guard count >= 0 else { throw failure("reading a file") }
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Throws `.full` when the disk of a folder has fewer bytes free.
    static func requireFree(_ count: Int64, in path: String) throws(StoreError) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw failure("looking how much room is left at \(path)") }
        // A file system that does not say how large it is has no end.
        guard status.f_blocks > 0 else { return }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        guard free < UInt64(max(0, count)) else { return }
        throw StoreError(.full, "the disk of \(path) has \(free) bytes free, and \(count) are to stay so")
    }

    static func truncate(_ descriptor: Descriptor, to size: Int64, _ path: String) throws(StoreError) {
        guard retrying({ ftruncate(descriptor.number, off_t(size)) }) == 0 else {
            throw failure("cutting \(path)")
        }
    }

    static func sync(_ descriptor: Descriptor, _ path: String) throws(StoreError) {
        guard retrying({ fsync(descriptor.number) }) == 0 else { throw failure("syncing \(path)") }
    }

    /// Tells the disk to begin with what was written in this range, so that `sync` has less to wait for. Only
    /// a hint: what goes wrong here goes wrong again in `sync`, which says so.
    static func startWriting(_ descriptor: Descriptor, _ range: Range<Int64>) {
        _ = homeport_start_writing(
            descriptor.number, off_t(range.lowerBound), off_t(range.upperBound - range.lowerBound))
    }

    /// Makes the names in a folder durable; false when the folder is gone.
    static func syncFolder(_ path: String) throws(StoreError) -> Bool {
        let number = retrying { Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard number >= 0 else {
            if errno == ENOENT { return false }
            throw failure("opening folder \(path)")
        }
        try sync(Descriptor(number), path)
        return true
    }

    /// Makes a folder; false when it was there. Throws `.missing` when the folder above is not.
    static func makeFolder(_ path: String) throws(StoreError) -> Bool {
        guard mkdir(path, folderMode) != 0 else { return true }
        switch errno {
        case EEXIST: return false
        case ENOENT: throw StoreError(.missing, "making folder \(path): the one above is gone")
        default: throw failure("making folder \(path)")
        }
    }

    enum LinkResult { case linked, taken, sourceOrFolderMissing }

    /// Gives the file at `source` a second name.
    static func link(_ source: String, _ target: String) throws(StoreError) -> LinkResult {
        guard Glibc.link(source, target) != 0 else { return .linked }
        switch errno {
        case EEXIST: return .taken
        case ENOENT: return .sourceOrFolderMissing
        case EXDEV:
            throw StoreError(
                .failed, "\(source) and \(target) are on different file systems and cannot be one file")
        default: throw failure("linking \(source) to \(target)")
        }
    }

    /// Moves a file, replacing what is at `target`; false when either side's folder or the source is gone.
    static func rename(_ source: String, _ target: String) throws(StoreError) -> Bool {
        guard Glibc.rename(source, target) != 0 else { return true }
        if errno == ENOENT { return false }
        throw failure("moving \(source) to \(target)")
    }

    /// Removes a name; one that is not there is not a failure.
    static func remove(_ path: String) throws(StoreError) {
        guard unlink(path) != 0, errno != ENOENT, errno != ENOTDIR else { return }
        throw failure("removing \(path)")
    }

    /// Removes a folder if it is there and empty.
    static func removeFolderIfEmpty(_ path: String) throws(StoreError) {
        guard rmdir(path) != 0 else { return }
        switch errno {
        case ENOENT, ENOTEMPTY, EEXIST, ENOTDIR: return
        default: throw failure("removing folder \(path)")
        }
    }

    /// The names in a folder, in no order; none when the folder is not there.
    static func names(in path: String) throws(StoreError) -> [String] {
        guard let stream = opendir(path) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw failure("listing \(path)")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            // d_name is as long as the record says, which may be more than the type that Swift sees.
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
            let name = String(
                cString: UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self))
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw failure("listing \(path)") }
        return names
    }

    /// What the error of the last call means to callers.
    static func failure(_ doing: String, _ code: CInt = errno) -> StoreError {
        let error = Errno(rawValue: code)
        let kind: StoreError.Kind =
            switch error {
            case .noSpace, .diskQuotaExceeded: .full
            case .noSuchFileOrDirectory: .missing
            case .ioError, .tooManySymbolicLinkLevels, .isDirectory: .damaged
            case .tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .resourceTemporarilyUnavailable:
                .unavailable
            default: .failed
            }
        return StoreError(kind, doing, cause: error)
    }

    private static func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result != -1 || errno != EINTR { return result }
        }
    }
}

/// An open file; closed when the last reference goes.
final class Descriptor: Sendable {
    let number: CInt

    init(_ number: CInt) { self.number = number }

    deinit { close(number) }
}
