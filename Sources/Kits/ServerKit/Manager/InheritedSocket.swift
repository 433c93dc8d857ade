import Glibc

/// A socket that the service manager listens on and hands over to the program (sd_listen_fds(3)), so that
/// clients wait instead of being refused while no program runs.
package struct InheritedSocket: Sendable, Hashable {
    package enum Place: Sendable, Hashable {
        /// - Parameter takesBoth: an IPv6 socket on all addresses that also takes IPv4.
        case address(host: String, port: Int, takesBoth: Bool)
        case unixSocket(path: String)
    }

    package let descriptor: CInt
    /// As the unit file calls it (`FileDescriptorName=`).
    package let name: String
    package let place: Place

    /// What was handed over is nothing that connections can be taken from.
    package struct Unusable: Error, CustomStringConvertible {
        package let description: String
    }

    private static let firstDescriptor: CInt = 3
    private static let countMax: CInt = 64

    /// All of them, in the manager's order; none when they are meant for another process.
    ///
    /// - Parameters:
    ///   - environment: that of the process: `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`.
    ///   - process: its number.
    package static func all(environment: [String: String], process: Int) throws(Unusable)
        -> [InheritedSocket]
    {
        guard let owner = environment["LISTEN_PID"], Int(owner) == process,
            let text = environment["LISTEN_FDS"]
        else { return [] }
        guard let count = CInt(text), (0...countMax).contains(count) else {
            throw Unusable(description: "LISTEN_FDS is `\(text)`, and no number up to \(countMax)")
        }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(
            separator: ":", omittingEmptySubsequences: false)
        var sockets: [InheritedSocket] = []
        for index in 0..<count {
            let name = Int(index) < names.count ? String(names[Int(index)]) : ""
            sockets.append(try InheritedSocket(descriptor: firstDescriptor + index, name: name))
        }
        return sockets
    }

    private init(descriptor: CInt, name: String) throws(Unusable) {
        let title = name.isEmpty ? "descriptor \(descriptor)" : "`\(name)` (descriptor \(descriptor))"
        guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw Unusable(description: "\(title) is not open")
        }
        guard Self.number(descriptor, SO_TYPE) == CInt(SOCK_STREAM.rawValue),
            Self.number(descriptor, SO_ACCEPTCONN) == 1, let place = Self.place(of: descriptor)
        else {
            throw Unusable(
                description: "\(title) is no socket that takes connections; use ListenStream= and Accept=no")
        }
        self.descriptor = descriptor
        self.name = name
        self.place = place
    }

    private static func number(_ descriptor: CInt, _ option: CInt) -> CInt? {
        var value: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : nil
    }

    private static func place(of descriptor: CInt) -> Place? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let found = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard found == 0 else { return nil }
        switch CInt(storage.ss_family) {
        case AF_INET:
            let address = withUnsafeBytes(of: storage) { $0.load(as: sockaddr_in.self) }
            var bytes = address.sin_addr
            return .address(
                host: text(AF_INET, &bytes), port: Int(UInt16(bigEndian: address.sin_port)), takesBoth: false)
        case AF_INET6:
            let address = withUnsafeBytes(of: storage) { $0.load(as: sockaddr_in6.self) }
            var bytes = address.sin6_addr
            var isAlone: CInt = 0
            var length = socklen_t(MemoryLayout<CInt>.size)
            getsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &isAlone, &length)
            let host = text(AF_INET6, &bytes)
            return .address(
                host: host, port: Int(UInt16(bigEndian: address.sin6_port)),
                takesBoth: host == "::" && isAlone == 0)
        case AF_UNIX:
            let path = withUnsafeBytes(of: storage) { bytes in
                let name = bytes.dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 }
                return String(decoding: name, as: UTF8.self)
            }
            return .unixSocket(path: path)
        default: return nil
        }
    }

    private static func text(_ family: CInt, _ address: UnsafeRawPointer) -> String {
        var bytes = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, address, &bytes, socklen_t(bytes.count)) != nil else { return "" }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
