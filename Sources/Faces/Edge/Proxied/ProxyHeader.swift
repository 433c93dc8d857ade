import NIOCore
import ServerKit

/// What a proxy says in front of a connection (the PROXY protocol, versions 1 and 2): whose connection it is.
enum ProxyHeader: Equatable {
    /// The client's address; nil where the proxy speaks for itself, as when it looks whether we live.
    case whole(client: String?, length: Int)
    case unfinished
    /// These bytes do not begin a header.
    case wrong

    /// The longest line of version 1, its end included.
    static let lineMax = 107
    /// The longest header of version 2, extensions included.
    static let sizeMax = 4096

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]
    private static let word = Array("PROXY ".utf8)

    /// Reads the beginning of a connection. What follows the header is left alone.
    static func read(_ buffer: ByteBuffer) -> ProxyHeader {
        let bytes = Array(buffer.readableBytesView.prefix(sizeMax))
        if begins(bytes, signature) { return bytes.count < 16 ? .unfinished : binary(bytes) }
        if begins(bytes, word) { return line(bytes) }
        return .wrong
    }

    private static func begins(_ bytes: [UInt8], _ mark: [UInt8]) -> Bool {
        zip(bytes, mark).allSatisfy { $0 == $1 }
    }

    /// `PROXY TCP4 192.0.2.7 198.51.100.1 50123 443`, or `PROXY UNKNOWN` and whatever follows.
    private static func line(_ bytes: [UInt8]) -> ProxyHeader {
        guard let end = bytes.prefix(lineMax).firstIndex(of: 0x0A) else {
            return bytes.count >= lineMax ? .wrong : .unfinished
        }
        guard end > 0, bytes[end - 1] == 0x0D else { return .wrong }
        let text = String(decoding: bytes[..<(end - 1)], as: UTF8.self)
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count >= 2 else { return .wrong }
        if words[1] == "UNKNOWN" { return .whole(client: nil, length: end + 1) }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6" else { return .wrong }
        let addresses = words[2...3].compactMap { text -> PlainAddress? in
            text.utf8.contains(UInt8(ascii: ":")) == (words[1] == "TCP6") ? PlainAddress(text) : nil
        }
        guard addresses.count == 2, words[4...5].allSatisfy(isPort) else { return .wrong }
        return .whole(client: addresses[0].description, length: end + 1)
    }

    private static func isPort(_ text: String) -> Bool {
        (1...5).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) }
            && (text == "0" || !text.hasPrefix("0")) && Int(text).map { $0 <= 65_535 } == true
    }

    /// Twelve bytes that say so, a version and a command, a family and a protocol, the length of the rest, and the
    /// addresses; after these, extensions, which are passed over.
    private static func binary(_ bytes: [UInt8]) -> ProxyHeader {
        let length = 16 + Int(bytes[14]) << 8 + Int(bytes[15])
        guard bytes[12] >> 4 == 2, bytes[12] & 0xF <= 1, length <= sizeMax else { return .wrong }
        guard bytes.count >= length else { return .unfinished }
        let isLocal = bytes[12] & 0xF == 0
        switch bytes[13] >> 4 {
        case 1 where !isLocal: return client(bytes[16..<length], size: 4, length)
        case 2 where !isLocal: return client(bytes[16..<length], size: 16, length)
        // A proxy that speaks for itself, or of a family that has no addresses here.
        case 0...3: return .whole(client: nil, length: length)
        default: return .wrong
        }
    }

    private static func client(_ rest: ArraySlice<UInt8>, size: Int, _ length: Int) -> ProxyHeader {
        guard rest.count >= 2 * size + 4, let address = PlainAddress(network: rest.prefix(size)) else {
            return .wrong
        }
        return .whole(client: address.description, length: length)
    }
}
