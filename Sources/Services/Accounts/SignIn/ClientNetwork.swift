import Glibc

/// What counts as one client when failures are counted: an IPv4 address, or the 64 bits of an IPv6 network,
/// which one customer usually has to himself.
enum ClientNetwork {
    /// A key that is the same for every way to write the same address.
    static func key(for address: String?) -> String {
        guard let address else { return "unknown" }
        var v4 = in_addr()
        if inet_pton(AF_INET, address, &v4) == 1 { return address }
        var v6 = in6_addr()
        // A zone ("%eth0") belongs to the way, not to the address.
        let plain = String(address.prefix { $0 != "%" })
        guard inet_pton(AF_INET6, plain, &v6) == 1 else { return address }
        let bytes = withUnsafeBytes(of: &v6) { Array($0) }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        return bytes[..<8].map { String($0, radix: 16) }.joined(separator: ":") + "/64"
    }
}
