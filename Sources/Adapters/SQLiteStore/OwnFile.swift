import CLinux
import Glibc
import ServerKit

/// Files that only their owner may read.
enum OwnFile {
    /// Makes an empty file unless there is one, before SQLite makes it for everybody to read. SQLite gives
    /// the files beside it the same mode.
    static func create(_ path: String) throws(StoreError) {
        close(try open(path))
    }

    /// Opens a file for reading and writing, making it when it is not there.
    static func open(_ path: String) throws(StoreError) -> CInt {
        let number = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw failure("opening \(path)") }
        return number
    }

    /// Removes a file; one that is not there is not a failure.
    static func remove(_ path: String) throws(StoreError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("removing \(path)") }
    }

    /// How many bytes a file has; nil where there is none.
    static func size(_ path: String) throws(StoreError) -> Int64? {
        let number = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("opening \(path)")
        }
        defer { close(number) }
        return Int64(lseek(number, 0, SEEK_END))
    }

    /// Gives a file the name of another, which it takes the place of.
    static func rename(_ path: String, _ other: String) throws(StoreError) {
        guard Glibc.rename(path, other) == 0 else { throw failure("renaming \(path)") }
    }

    /// Has the disk keep what was written to a file.
    static func sync(_ path: String) throws(StoreError) {
        let number = try open(path)
        defer { close(number) }
        guard fsync(number) == 0 else { throw failure("syncing \(path)") }
    }

    /// Makes the names in the folder of `path` durable.
    static func syncFolder(of path: String) throws(StoreError) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let number = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw failure("opening folder \(folder)") }
        defer { close(number) }
        guard fsync(number) == 0 else { throw failure("syncing folder \(folder)") }
    }

    /// Takes room on the disk for the beginning of a file that is there. A disk that has not so much left,
    /// and a file system that cannot do it, leave the file as it is.
    static func takeRoom(_ path: String, _ count: Int) {
        let number = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard number >= 0 else { return }
        defer { close(number) }
        _ = homeport_allocate(number, off_t(count))
    }

    static func failure(_ doing: String, _ code: CInt = errno) -> StoreError {
        let kind: StoreError.Kind = code == ENOSPC || code == EDQUOT ? .full : .failed
        return StoreError(kind, "\(doing): \(String(cString: strerror(code)))")
    }
}
