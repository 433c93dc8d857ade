import FoundationEssentials
import Glibc
import ServerKit

extension Disk {
    /// What lies under a name, whatever it is.
    struct Entry {
        enum Kind { case file, folder, link, other }

        let kind: Kind
        let size: Int64
        /// When its bytes were last written.
        let changed: Date
        /// Which file system it is on.
        let device: UInt64
    }

    /// Nil when there is nothing. A symbolic link is itself, and not what it leads to.
    static func entry(at path: String) throws(StoreError) -> Entry? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG { return nil }
            throw failure("looking at \(path)")
        }
        let kind: Entry.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            case S_IFLNK: .link
            default: .other
            }
        let seconds = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
        return Entry(
            kind: kind, size: Int64(status.st_size), changed: Date(timeIntervalSince1970: seconds),
            device: UInt64(status.st_dev))
    }
}
