internal import Glibc
internal import ServerKit

/// Names of hosts, and where they lead.
enum Names {
    /// Resolving waits for servers that may never answer.
    private static let threads = BlockingThreads(count: 2, queueMax: 64)

    /// Looks whether a name leads to this machine.
    static func check(_ host: String) async -> Finding {
        let about = "name \(host)"
        let (found, own) = (await addresses(of: host), ownAddresses())
        guard !found.isEmpty else {
            return .wrong(
                about, "no address is known for it",
                cure: "make an A or AAAA record for \(host) that leads to this machine")
        }
        let list = found.sorted().joined(separator: ", ")
        guard !own.isDisjoint(with: found) else {
            return .noted(
                about, "it leads to \(list), which is no address of this machine",
                cure:
                    "that is right where a router or a balancer passes connections on; else mend its records")
        }
        return .fine(about, "it leads here: \(list)")
    }

    static func addresses(of host: String) async -> Set<String> {
        (try? await threads.run { resolve(host) }) ?? []
    }

    private static func resolve(_ host: String) -> Set<String> {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: Set<String> = []
        var entry = list
        while let this = entry {
            if let text = text(this.pointee.ai_addr, this.pointee.ai_addrlen) { found.insert(text) }
            entry = this.pointee.ai_next
        }
        return found
    }

    /// The addresses of this machine's interfaces.
    static func ownAddresses() -> Set<String> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: Set<String> = []
        var entry = list
        while let this = entry {
            if let address = this.pointee.ifa_addr {
                let size =
                    CInt(address.pointee.sa_family) == AF_INET6
                    ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
                if let text = text(address, socklen_t(size)) { found.insert(text) }
            }
            entry = this.pointee.ifa_next
        }
        return found
    }

    private static func text(_ address: UnsafePointer<sockaddr>?, _ size: socklen_t) -> String? {
        guard let address, [AF_INET, AF_INET6].contains(CInt(address.pointee.sa_family)) else { return nil }
        var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, size, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0 else {
            return nil
        }
        let bytes = name.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "%")) }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Ports of this machine.
enum Ports {
    /// Tries to listen; 0 when it can be done, else what the system says.
    static func tryListening(_ address: ListenAddress) -> CInt {
        let isSix = address.host.utf8.contains(UInt8(ascii: ":"))
        let descriptor = socket(isSix ? AF_INET6 : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var on: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
        let status: CInt
        if isSix {
            var place = sockaddr_in6()
            place.sin6_family = sa_family_t(AF_INET6)
            place.sin6_port = in_port_t(UInt16(address.port)).bigEndian
            guard inet_pton(AF_INET6, address.host, &place.sin6_addr) == 1 else { return EADDRNOTAVAIL }
            status = bind(descriptor, &place)
        } else {
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_port = in_port_t(UInt16(address.port)).bigEndian
            guard inet_pton(AF_INET, address.host, &place.sin_addr) == 1 else { return EADDRNOTAVAIL }
            status = bind(descriptor, &place)
        }
        return status == 0 && listen(descriptor, 1) == 0 ? 0 : errno
    }

    private static func bind<Address>(_ descriptor: CInt, _ address: inout Address) -> CInt {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
