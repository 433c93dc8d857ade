/// How values are written (RFC 5545, 3.3), without a formatter or a locale.
enum ValueText {
    /// `20260329` (3.3.4).
    static func date(_ date: CivilDate) -> String {
        padded(date.year, 4) + padded(date.month, 2) + padded(date.day, 2)
    }

    /// `20260329T060000`, the clock of a zone that the property names (3.3.5, form 3).
    static func dateTime(_ time: CivilDateTime) -> String {
        let (hour, rest) = time.secondOfDay.quotientAndRemainder(dividingBy: 3600)
        let (minute, second) = rest.quotientAndRemainder(dividingBy: 60)
        return date(time.date) + "T" + padded(hour, 2) + padded(minute, 2) + padded(second, 2)
    }

    /// `20260329T040000Z` (3.3.5, form 2).
    static func dateTime(_ time: UTCSeconds) -> String { dateTime(time.civil(offset: 0)) + "Z" }

    /// `PT1H30M`, `P2D`, `-PT15M` (3.3.6). Zero is `PT0S`.
    static func duration(seconds: Int) -> String {
        var text = seconds < 0 ? "-P" : "P"
        let (days, rest) = Int(seconds.magnitude).quotientAndRemainder(dividingBy: 86_400)
        if days > 0 { text += "\(days)D" }
        guard rest > 0 || days == 0 else { return text }
        text += "T"
        let (hours, minutes, left) = (rest / 3600, rest % 3600 / 60, rest % 60)
        if hours > 0 { text += "\(hours)H" }
        if minutes > 0 { text += "\(minutes)M" }
        if left > 0 || rest == 0 { text += "\(left)S" }
        return text
    }

    /// `+0530`, `-1030`, with seconds only where there are some (3.3.14).
    static func offset(seconds: Int) -> String {
        let magnitude = Int(seconds.magnitude)
        let text =
            (seconds < 0 ? "-" : "+") + padded(magnitude / 3600, 2) + padded(magnitude % 3600 / 60, 2)
        return magnitude % 60 == 0 ? text : text + padded(magnitude % 60, 2)
    }

    /// A degree with six digits after the point, about 0.1 m, always with a point (3.8.1.6).
    static func degrees(_ value: Double) -> String {
        let millionths = Int((value * 1_000_000).rounded())
        let (whole, part) = Int(millionths.magnitude).quotientAndRemainder(dividingBy: 1_000_000)
        return "\(millionths < 0 ? "-" : "")\(whole).\(padded(part, 6))"
    }

    /// TEXT (3.3.11): backslash, semicolon and comma escaped, every kind of line end written `\n`.
    ///
    /// Control characters may not stand in a calendar, so they are left out; the separators that some readers
    /// take for the end of a line become one.
    static func text(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: ";")
                && byte != UInt8(ascii: ",")
        }
        if isPlain { return text }
        var result = ""
        result.reserveCapacity(text.utf8.count + 16)
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", ";", ",":
                result.unicodeScalars.append("\\")
                result.unicodeScalars.append(scalar)
            case "\n" where previous == "\r": break
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": result += "\\n"
            case "\t": result.unicodeScalars.append(scalar)
            default: if !scalar.isControl { result.unicodeScalars.append(scalar) }
            }
            previous = scalar
        }
        return result
    }

    /// A URI as it may stand in a calendar: what is not plain ASCII is percent-encoded.
    static func uri(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy(\.mayStandInURI)
        if isPlain { return text }
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if byte.mayStandInURI {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A parameter's value: quoted where a colon, semicolon or comma would end it (3.2), with quotes, carets
    /// and line ends written as RFC 6868 says.
    static func parameter(_ text: String) -> String {
        var result = ""
        var needsQuotes = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "^'"
            case "^": result += "^^"
            case "\n", "\u{85}", "\u{2028}", "\u{2029}": result += "^n"
            case ":", ";", ",":
                needsQuotes = true
                result.unicodeScalars.append(scalar)
            default: if !scalar.isControl { result.unicodeScalars.append(scalar) }
            }
        }
        return needsQuotes ? "\"\(result)\"" : result
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension Unicode.Scalar {
    /// C0 and C1 controls and DEL, the tab among them.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}

extension UInt8 {
    /// Printable ASCII but the few that RFC 3986 does not allow anywhere.
    fileprivate var mayStandInURI: Bool {
        self > 0x20 && self < 0x7F && self != UInt8(ascii: "\"") && self != UInt8(ascii: "<")
            && self != UInt8(ascii: ">") && self != UInt8(ascii: "\\") && self != UInt8(ascii: "^")
            && self != UInt8(ascii: "`") && self != UInt8(ascii: "{") && self != UInt8(ascii: "|")
            && self != UInt8(ascii: "}")
    }
}
