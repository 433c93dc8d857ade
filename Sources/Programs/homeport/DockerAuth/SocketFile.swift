internal import CLinux
internal import Glibc

/// A socket in the file system, which outlives the program that made it.
struct SocketFile {
    private let path: String

    init(_ path: String) { self.path = path }

    func remove() { unlink(path) }

    /// Removes one that an earlier run has left behind; what is no such socket is left alone and thrown.
    func removeLeft() throws(CommandFailure) {
        let kind = homeport_kind_of_socket(path)
        guard kind != 0 else { return }
        guard kind == 1 else {
            throw .unreachable("\(path) is there and is no socket; name another file in `server.addr`")
        }
        guard !isAnswered else {
            throw .unreachable("another program listens on \(path) already; end it, or choose another file")
        }
        remove()
    }

    private var isAnswered: Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
