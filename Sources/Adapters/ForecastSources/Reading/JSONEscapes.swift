/// The escapes of JSON strings (RFC 8259, section 7).
enum JSONEscapes {
    static func resolved(_ bytes: ArraySlice<UInt8>) -> String {
        guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
        var units: [UInt16] = []
        var text = ""
        var rest = bytes
        func flush() {
            text += String(decoding: units, as: UTF16.self)
            units = []
        }
        while let slash = rest.firstIndex(of: UInt8(ascii: "\\")) {
            if slash > rest.startIndex {
                flush()
                text += String(decoding: rest[..<slash], as: UTF8.self)
            }
            rest = rest[(slash + 1)...]
            guard let escaped = rest.popFirst() else { break }
            if escaped == UInt8(ascii: "u") {
                let digits = rest.prefix(4)
                rest = rest.dropFirst(4)
                units.append(UInt16(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0xFFFD)
            } else {
                units.append(UInt16(meaning(of: escaped)))
            }
        }
        flush()
        return text + String(decoding: rest, as: UTF8.self)
    }

    private static func meaning(of letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        default: letter
        }
    }
}
