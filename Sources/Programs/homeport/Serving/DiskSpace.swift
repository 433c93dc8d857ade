internal import Glibc

/// How much room the file system of a folder has.
struct DiskSpace: Sendable, Hashable {
    /// For this process, in bytes: what is kept for root does not count.
    let free: Int64
    let size: Int64

    /// Nil when the file system does not say.
    init?(of folder: String) {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else { return nil }
        let unit = Int64(facts.f_frsize)
        self.free = Int64(facts.f_bavail) * unit
        self.size = Int64(facts.f_blocks) * unit
    }
}
