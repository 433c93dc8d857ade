internal import Glibc

/// How many files and connections this process may have open.
///
/// The usual limit is 1,024, for programs that wait with `select`; this one does not, and may raise it as far as the
/// system's own.
enum OpenFiles {
    /// What the server needs beside connections: the database, blobs that are read and written.
    private static let spare = 500

    /// Raises the limit, and says how many connections there is room for when that is less than `connections`.
    static func makeRoom(for connections: Int) -> String? {
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(kind, &limit) == 0 else { return nil }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            guard setrlimit(kind, &limit) == 0, getrlimit(kind, &limit) == 0 else { return nil }
        }
        let files = Int(clamping: limit.rlim_cur)
        guard files < connections + spare else { return nil }
        return """
            limits.connections_max is \(connections), but the system allows \(files) open files; raise its limit \
            (LimitNOFILE= in the unit, or `ulimit -n`) to \(connections + spare), or allow fewer connections
            """
    }
}
