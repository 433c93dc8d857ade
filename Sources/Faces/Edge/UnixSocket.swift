import Glibc

/// A unix socket in the file system, with the rights it is to have before anybody can come in.
enum UnixSocket {
    struct Failure: Error {
        let code: CInt
        let reason: String
    }

    /// Listens at the path, where nothing may lie but a socket that nobody listens on any more.
    static func listen(at path: String, mode: mode_t, backlog: CInt) throws(Failure) -> CInt {
        guard let address = address(path) else {
            throw Failure(code: ENAMETOOLONG, reason: "the path has more than 107 bytes")
        }
        try makeRoom(at: path, address)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure() }
        // Nobody comes in before `listen`, and until then the file has got its rights.
        guard with(address, { bind(descriptor, $0, $1) }) == 0, chmod(path, mode) == 0,
            Glibc.listen(descriptor, backlog) == 0
        else {
            let failure = failure()
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    /// Takes the file away if it is still the socket behind the descriptor.
    static func remove(_ path: String, _ identity: Identity) {
        if Identity(of: path) == identity { unlink(path) }
    }

    /// Which file it is, whatever it is called.
    struct Identity: Equatable, Sendable {
        private let device: dev_t
        private let number: ino_t

        init?(of path: String) {
            var facts = stat()
            guard lstat(path, &facts) == 0 else { return nil }
            device = facts.st_dev
            number = facts.st_ino
        }
    }

    private static func makeRoom(at path: String, _ address: sockaddr_un) throws(Failure) {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return }
        guard facts.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure(code: EEXIST, reason: "there is a file of this name that is no socket")
        }
        let probe = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { throw failure() }
        defer { close(probe) }
        guard with(address, { connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED else {
            throw Failure(code: EADDRINUSE, reason: "another program listens there")
        }
        unlink(path)
    }

    private static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        return withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count, !bytes.contains(0) else { return false }
            room.copyBytes(from: bytes)
            return true
        } ? address : nil
    }

    private static func with(_ address: sockaddr_un, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt)
        -> CInt
    {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func failure() -> Failure {
        Failure(code: errno, reason: String(cString: strerror(errno)))
    }
}
