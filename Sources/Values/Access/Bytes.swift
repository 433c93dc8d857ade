extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLowercase: Bool { (0x61...0x7A).contains(self) }
    var isLowercaseOrDigit: Bool { isLowercase || isDigit }
    var isLetterOrDigit: Bool { isLowercaseOrDigit || (0x41...0x5A).contains(self) }

    /// Whether the byte continues a UTF-8 sequence, so that no character starts here.
    var isContinuation: Bool { self & 0xC0 == 0x80 }

    static let slash = UInt8(ascii: "/")
    static let backslash = UInt8(ascii: "\\")
    static let dollar = UInt8(ascii: "$")
}

/// A text of a user between quotation marks, cut to a readable length, with control characters written out so
/// that it cannot play tricks on a terminal or a log.
func quoted(_ text: String, atMost length: Int = 200) -> String {
    var result = "\""
    var count = 0
    for scalar in text.unicodeScalars {
        guard count < length else {
            result += "…"
            break
        }
        count += 1
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default:
            if scalar == "\"" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
