import CLDAP

/// Names as parts of filters and of distinguished names: whatever they hold, they are text there.
enum LDAPText {
    /// As a value in a filter (RFC 4515).
    static func filterValue(_ text: String) -> String {
        escape(text) { byte in
            switch byte {
            case UInt8(ascii: "*"), UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\\"), 0..<0x20, 0x7F:
                true
            default: false
            }
        }
    }

    /// As a value in a distinguished name (RFC 4514). More is escaped than has to be, which means the same.
    static func nameValue(_ text: String) -> String {
        escape(text) { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."), UInt8(ascii: "@"), 0x80...:
                false
            default: true
            }
        }
    }

    /// The template with every `${NAME}` of `values` replaced, in one pass: what a value holds is not looked at again.
    static func fill(_ template: String, _ values: [(name: String, value: String)]) -> String {
        var filled = ""
        var rest = template[...]
        while let character = rest.first {
            if let (name, value) = values.first(where: { rest.hasPrefix("${\($0.name)}") }) {
                filled += value
                rest = rest.dropFirst(name.count + 3)
            } else {
                filled.append(character)
                rest.removeFirst()
            }
        }
        return filled
    }

    /// The first `cn` of a distinguished name; nil when it is none, or has none.
    static func commonName(of name: String) -> String? {
        var parts: LDAPDN?
        guard ldap_str2dn(name, &parts, UInt32(LDAP_DN_FORMAT_LDAPV3)) == LDAP_SUCCESS else { return nil }
        defer { ldap_dnfree(parts) }
        var index = 0
        while let part = parts?[index] {
            var inner = 0
            while let pair = part[inner]?.pointee {
                if text(pair.la_attr)?.lowercased() == "cn" { return text(pair.la_value) }
                inner += 1
            }
            index += 1
        }
        return nil
    }

    /// The bytes as text; nil for what is not UTF-8.
    static func text(_ value: berval) -> String? {
        guard let start = value.bv_val else { return "" }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(value.bv_len))
        return String(validating: bytes, as: UTF8.self)
    }

    private static func escape(_ text: String, _ isSpecial: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isSpecial(byte) {
                bytes += [UInt8(ascii: "\\"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
