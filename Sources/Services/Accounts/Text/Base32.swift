/// Base 32 of RFC 4648, section 6, without padding.
enum Base32 {
    static let lowercase = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    static let uppercase = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    static func encode(_ bytes: some Sequence<UInt8>, digits: [UInt8] = lowercase) -> String {
        var text: [UInt8] = []
        var held: UInt32 = 0
        var heldBits: UInt32 = 0
        for byte in bytes {
            held = (held << 8) | UInt32(byte)
            heldBits += 8
            while heldBits >= 5 {
                heldBits -= 5
                text.append(digits[Int((held >> heldBits) & 31)])
            }
            held &= (1 << heldBits) - 1
        }
        if heldBits > 0 { text.append(digits[Int((held << (5 - heldBits)) & 31)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
