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

    /// Makes the names in the folder of `path` durable.
    static func syncFolder(of path: String) throws(StoreError) {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let number = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard number >= 0 else { throw failure("opening folder \(folder)") }
        defer { close(number) }
        guard fsync(number) == 0 else { throw failure("syncing folder \(folder)") }
    }

    static func failure(_ doing: String, _ code: CInt = errno) -> StoreError {
        let kind: StoreError.Kind = code == ENOSPC || code == EDQUOT ? .full : .failed
        return StoreError(kind, "\(doing): \(String(cString: strerror(code)))")
    }
}
