import Glibc

/// One address or a CIDR range, IPv4 or IPv6: `10.0.0.0/8`, `::1`. Bits beyond the prefix count for nothing.
package struct AddressRange: Sendable, Hashable {
    private let network: [UInt8]
    private let prefixLength: Int

    /// Reads `ADDRESS` or `ADDRESS/LENGTH`; nil when it is neither.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = PlainAddress(String(parts[0])) else { return nil }
        var length = address.bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let given = Int(parts[1]),
                (0...length).contains(given)
            else { return nil }
            length = given
        }
        self.init(address, prefixLength: length)
    }

    package init(_ address: PlainAddress, prefixLength: Int) {
        self.network = address.prefix(prefixLength)
        self.prefixLength = prefixLength
    }

    /// What counts as one client: an IPv4 address, or the 64 bits of an IPv6 network, which one customer usually
    /// has to himself.
    package static func client(_ address: PlainAddress) -> AddressRange {
        AddressRange(address, prefixLength: address.bytes.count == 4 ? 32 : 64)
    }

    /// Whether an address lies in the range. An IPv4 address written as IPv6 (`::ffff:10.1.2.3`) counts as
    /// IPv4.
    package func contains(_ address: String) -> Bool {
        PlainAddress(address).map(contains) ?? false
    }

    package func contains(_ address: PlainAddress) -> Bool {
        address.bytes.count == network.count && address.prefix(prefixLength) == network
    }

    /// Whether every address of another range lies in this one.
    package func covers(_ other: AddressRange) -> Bool {
        network.count == other.network.count && prefixLength <= other.prefixLength
            && PlainAddress(bytes: other.network).prefix(prefixLength) == network
    }
}

extension AddressRange {
    /// Whether so many addresses lie in it that it is hardly one customer's network.
    package var isWide: Bool { prefixLength < (network.count == 4 ? 16 : 32) }
}

extension AddressRange: CustomStringConvertible {
    /// In one way for each range: `192.0.2.7`, `2001:db8::/64`.
    package var description: String {
        let address = PlainAddress(bytes: network).description
        return prefixLength == network.count * 8 ? address : "\(address)/\(prefixLength)"
    }
}

/// An IPv4 or IPv6 address without a port and without a zone. An IPv4 address written as IPv6 is IPv4.
package struct PlainAddress: Sendable, Hashable, CustomStringConvertible {
    /// Four or sixteen.
    package let bytes: [UInt8]

    /// Nil for a text that is no address. A zone (`%eth0`) belongs to the way, not to the address.
    package init?(_ text: String) {
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            bytes = withUnsafeBytes(of: v4) { Array($0) }
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, text.utf8.contains(UInt8(ascii: "%")) ? Self.plain(text) : text, &v6) == 1
        else { return nil }
        bytes = Self.unmapped(withUnsafeBytes(of: v6) { Array($0) })
    }

    /// Nil for another count of bytes than addresses have.
    package init?(network bytes: ArraySlice<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes.count == 4 ? Array(bytes) : Self.unmapped(Array(bytes))
    }

    private static func unmapped(_ all: [UInt8]) -> [UInt8] {
        let isMapped = all[..<10].allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
        return isMapped ? Array(all[12...]) : all
    }

    fileprivate init(bytes: [UInt8]) { self.bytes = bytes }

    private static func plain(_ text: String) -> String { String(text.prefix { $0 != "%" }) }

    /// The bytes with everything behind the first `length` bits zero.
    fileprivate func prefix(_ length: Int) -> [UInt8] {
        var bytes = bytes
        for index in bytes.indices where (index + 1) * 8 > length {
            let kept = max(0, length - index * 8)
            bytes[index] &= UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        }
        return bytes
    }

    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Ranges that an address is looked up in: one look for each length of prefix, however many there are.
package struct AddressMap<Value: Sendable>: Sendable {
    private var values: [AddressRange: Value] = [:]
    private var lengths: Set<Int> = []

    package init(_ pairs: [(AddressRange, Value)] = []) {
        for (range, value) in pairs { self[range] = value }
    }

    package var isEmpty: Bool { values.isEmpty }
    package var count: Int { values.count }

    package func count(where isMeant: (Value) -> Bool) -> Int { values.values.count(where: isMeant) }

    package mutating func remove(where isMeant: (Value) -> Bool) {
        values = values.filter { !isMeant($0.value) }
    }

    package subscript(range: AddressRange) -> Value? {
        get { values[range] }
        set {
            values[range] = newValue
            if newValue != nil { lengths.insert(range.length) }
        }
    }

    /// The values of all ranges that hold an address, in no order.
    package func values(for address: PlainAddress) -> [Value] {
        lengths.compactMap { length in
            length <= address.bytes.count * 8 ? values[AddressRange(address, prefixLength: length)] : nil
        }
    }
}

extension AddressRange {
    fileprivate var length: Int { prefixLength }
}
