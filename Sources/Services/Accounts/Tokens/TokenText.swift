import struct Crypto.SHA256

/// A token as its owner holds it: `hp_<id>_<secret><checksum>`, `hpr_…` for refresh tokens, `hpc_…` for
/// calendars.
///
/// All of it is lowercase base 32, safe in URLs and shells. The id (80 bits) is public and finds the row, the
/// secret has 160 random bits, and the checksum (CRC-32 of what comes before it) lets a typing mistake be
/// refused without asking the store, and a scanner for leaked secrets know one when it sees it.
struct TokenText: Sendable, CustomStringConvertible {
    let kind: StoredToken.Kind
    let id: TokenID
    /// 32 digits.
    let secret: String

    /// Prints without the secret.
    var description: String { "\(Self.prefix(of: kind))\(id)_***" }

    /// The whole text: shown once, to its owner.
    var revealed: String {
        let body = "\(Self.prefix(of: kind))\(id)_\(secret)"
        return body + Self.checksum(of: body[...])
    }

    /// SHA-256 of the secret: all that is stored of it.
    ///
    /// - Parameter binding: what else must be unchanged for the token to stand, such as the account's
    /// password hash.
    func secretHash(boundTo binding: String = "") -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array(secret.utf8))
        hash.update(data: Array(binding.utf8))
        return Array(hash.finalize())
    }

    /// Reads a token. Nil for anything with another form or a wrong checksum.
    init?(_ text: String) {
        guard text.utf8.count <= 64, text.utf8.count >= 8 + 16 + 32 else { return nil }
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 3, let kind = Self.kind(of: parts[0]), let id = TokenID(parts[1]),
            parts[2].utf8.count == 32 + Self.checksumLength,
            parts[2].utf8.allSatisfy({ Base32.lowercase.contains($0) }),
            text.hasSuffix(Self.checksum(of: text.dropLast(Self.checksumLength)))
        else { return nil }
        self.kind = kind
        self.id = id
        self.secret = String(parts[2].dropLast(Self.checksumLength))
    }

    init(kind: StoredToken.Kind, id: TokenID, secret: String) {
        self.kind = kind
        self.id = id
        self.secret = secret
    }

    /// A new token from the system's random numbers.
    static func draw(_ kind: StoredToken.Kind) -> TokenText {
        guard let id = TokenID(Base32.encode(Random.bytes(10))[...]) else {
            preconditionFailure("80 bits are 16 base-32 digits")
        }
        return TokenText(kind: kind, id: id, secret: Base32.encode(Random.bytes(20)))
    }

    private static func prefix(of kind: StoredToken.Kind) -> String {
        switch kind {
        case .access: "hp_"
        case .refresh: "hpr_"
        case .calendar: "hpc_"
        }
    }

    private static func kind(of prefix: Substring) -> StoredToken.Kind? {
        switch prefix {
        case "hp": .access
        case "hpr": .refresh
        case "hpc": .calendar
        default: nil
        }
    }

    private static let checksumLength = 7

    private static func checksum(of text: Substring) -> String {
        var crc: UInt32 = .max
        for byte in text.utf8 {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        crc = ~crc
        return Base32.encode([24, 16, 8, 0].map { UInt8(truncatingIfNeeded: crc >> UInt32($0)) })
    }
}
