/// An address of IP version 4 or 6. One of version 4 written in version 6, `::ffff:192.0.2.7`, is the address
/// of version 4.
struct IPAddress: Hashable, Sendable {
    let isV4: Bool
    let bits: UInt128

    var width: Int { isV4 ? 32 : 128 }

    /// Reads `192.0.2.7` or `2001:db8::1`; a zone as in `fe80::1%eth0` is left out.
    init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        let address = text.utf8.split(
            separator: UInt8(ascii: "%"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = address.first else { return nil }
        if let bits = Self.v4(first) {
            guard address.count == 1 else { return nil }
            self.init(isV4: true, bits: UInt128(bits))
        } else if let bits = Self.v6(first) {
            let isMapped = bits >> 32 == 0xFFFF
            self.init(isV4: isMapped, bits: isMapped ? bits & 0xFFFF_FFFF : bits)
        } else {
            return nil
        }
    }

    init(isV4: Bool, bits: UInt128) {
        self.isV4 = isV4
        self.bits = bits
    }

    /// Four decimal numbers. Leading zeros are refused, because some read them as octal.
    private static func v4(_ text: Substring.UTF8View) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard
                (1...3).contains(part.count), part.allSatisfy(\.isDigit),
                part.count == 1 || part.first != UInt8(ascii: "0"), let number = UInt8(Substring(part))
            else { return nil }
            bits = bits << 8 | UInt32(number)
        }
        return bits
    }

    /// Up to eight groups of hexadecimal digits, with `::` at most once, the last two perhaps written as in
    /// version 4 (RFC 4291, section 2.2).
    private static func v6(_ text: Substring.UTF8View) -> UInt128? {
        let parts = Substring(text).split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 3 else { return nil }
        var head: [UInt16] = []
        var tail: [UInt16]?
        for (place, part) in parts.enumerated() {
            let isLast = place == parts.count - 1
            if part.isEmpty {
                // `::` in front or at the end leaves two empty parts there, one of which is skipped.
                if place == 0, parts[1].isEmpty { continue }
                if isLast, parts[place - 1].isEmpty { continue }
                guard tail == nil, !isLast, place > 0 else { return nil }
                tail = []
                continue
            }
            guard let groups = Self.groups(part, allowsV4: isLast) else { return nil }
            if tail == nil { head += groups } else { tail? += groups }
        }
        let written = head.count + (tail?.count ?? 0)
        guard tail == nil ? written == 8 : written < 8 else { return nil }
        let groups = head + Array(repeating: 0, count: 8 - written) + (tail ?? [])
        return groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func groups(_ part: Substring, allowsV4: Bool) -> [UInt16]? {
        if allowsV4, let bits = v4(part.utf8) {
            return [UInt16(truncatingIfNeeded: bits >> 16), UInt16(truncatingIfNeeded: bits)]
        }
        guard part.utf8.count <= 4, part.utf8.allSatisfy(\.isLetterOrDigit) else { return nil }
        return UInt16(part, radix: 16).map { [$0] }
    }
}

/// All addresses that begin with the same bits, `10.0.0.0/8`, or just one.
struct IPRange: Hashable, Sendable {
    let isV4: Bool
    /// How many leading bits count.
    let length: Int
    /// These bits, as a number.
    let head: UInt128

    /// Reads an address, or one with `/` and the number of leading bits that count; the bits after them do
    /// not.
    init(_ text: String) throws(AccessError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let written = parts.first, let address = IPAddress(String(written)), !written.contains("%")
        else {
            throw AccessError(
                """
                \(quoted(text)) is no address or range of addresses: write one like 192.0.2.7, 10.0.0.0/8 or \
                2001:db8::/32
                """)
        }
        guard parts.count == 2 else {
            self.init(address, address.width)
            return
        }
        let isMapped = address.isV4 && written.contains(":")
        let lengths = isMapped ? 96...128 : 0...address.width
        guard
            (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(\.isDigit),
            let length = Int(parts[1]), lengths.contains(length)
        else {
            throw AccessError(
                """
                \(quoted(text)) is no range of addresses: after the / stands a number from \
                \(lengths.lowerBound) to \(lengths.upperBound)
                """)
        }
        self.init(address, isMapped ? length - 96 : length)
    }

    /// The range of an address that has its first `length` bits.
    init(_ address: IPAddress, _ length: Int) {
        self.isV4 = address.isV4
        self.length = length
        self.head = Self.head(address, length)
    }

    private static func head(_ address: IPAddress, _ length: Int) -> UInt128 {
        let dropped = address.width - length
        return dropped == 128 ? 0 : address.bits >> UInt128(dropped)
    }

    func contains(_ address: IPAddress) -> Bool {
        address.isV4 == isV4 && Self.head(address, length) == head
    }
}
