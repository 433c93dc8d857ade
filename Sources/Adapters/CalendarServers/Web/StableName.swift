import Crypto

/// Names made from an identifier, always the same, in letters and digits that every server takes.
enum StableName {
    /// The first 160 bits of the SHA-256 of `text` in base 32 (RFC 4648, 7: `0-9` and `a-v`): 32 characters.
    static func of(_ text: String) -> String {
        let digits = Array("0123456789abcdefghijklmnopqrstuv".utf8)
        var name: [UInt8] = []
        var bits = 0
        var value = 0
        for byte in SHA256.hash(data: Array(text.utf8)).prefix(20) {
            value = value << 8 | Int(byte)
            bits += 8
            while bits >= 5 {
                bits -= 5
                name.append(digits[value >> bits & 31])
            }
            value &= 31
        }
        return String(decoding: name, as: UTF8.self)
    }
}
