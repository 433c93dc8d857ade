/// Writes values as they stand in a line (RFC 5545, 3.3), without a formatter or a locale.
struct ValueText {
    /// What has been written so far, in UTF-8.
    var bytes: [UInt8] = []

    mutating func append(_ value: Property.Value) {
        switch value {
        case .text(let text): append(text: text)
        case .texts(let texts):
            for (index, text) in texts.enumerated() {
                if index > 0 { append(ascii: ",") }
                append(text: text)
            }
        case .word(let word): append(plain: word)
        case .integer(let number): append(plain: String(number))
        case .uri(let uri): append(uri: uri)
        case .moment(let moment):
            append(clock: moment.civil(offset: 0))
            append(ascii: "Z")
        case .clock(let time): append(clock: time)
        case .date(let date): append(date: date)
        case .duration(let seconds): append(duration: seconds)
        case .offset(let seconds): append(offset: seconds)
        case .position(let latitude, let longitude):
            append(degrees: latitude)
            append(ascii: ";")
            append(degrees: longitude)
        }
    }

    /// What needs no escape.
    mutating func append(plain: String) { bytes.append(contentsOf: plain.utf8) }

    mutating func append(ascii character: Unicode.Scalar) { bytes.append(UInt8(ascii: character)) }

    /// `20260329` (3.3.4).
    private mutating func append(date: CivilDate) {
        append(date.year, width: 4)
        append(date.month, width: 2)
        append(date.day, width: 2)
    }

    /// `20260329T060000`, the clock of a zone that the property names (3.3.5, form 3).
    private mutating func append(clock time: CivilDateTime) {
        append(date: time.date)
        append(ascii: "T")
        append(time.secondOfDay / 3600, width: 2)
        append(time.secondOfDay % 3600 / 60, width: 2)
        append(time.secondOfDay % 60, width: 2)
    }

    /// `PT1H30M`, `P2D`, `-PT15M` (3.3.6). Zero is `PT0S`.
    private mutating func append(duration seconds: Int) {
        append(plain: seconds < 0 ? "-P" : "P")
        let (days, rest) = Int(seconds.magnitude).quotientAndRemainder(dividingBy: 86_400)
        if days > 0 { append(plain: "\(days)D") }
        guard rest > 0 || days == 0 else { return }
        append(ascii: "T")
        let (hours, minutes, left) = (rest / 3600, rest % 3600 / 60, rest % 60)
        if hours > 0 { append(plain: "\(hours)H") }
        if minutes > 0 { append(plain: "\(minutes)M") }
        if left > 0 || rest == 0 { append(plain: "\(left)S") }
    }

    /// `+0530`, `-1030`, with seconds only where there are some (3.3.14).
    private mutating func append(offset seconds: Int) {
        append(ascii: seconds < 0 ? "-" : "+")
        let magnitude = Int(seconds.magnitude)
        append(magnitude / 3600, width: 2)
        append(magnitude % 3600 / 60, width: 2)
        if magnitude % 60 != 0 { append(magnitude % 60, width: 2) }
    }

    /// A degree with six digits after the point, about 0.1 m, always with a point (3.8.1.6).
    private mutating func append(degrees value: Double) {
        let millionths = Int((value * 1_000_000).rounded())
        let (whole, part) = Int(millionths.magnitude).quotientAndRemainder(dividingBy: 1_000_000)
        append(plain: "\(millionths < 0 ? "-" : "")\(whole).")
        append(part, width: 6)
    }

    /// A number with zeros before it; longer than that when it has more digits.
    private mutating func append(_ number: Int, width: Int) {
        var power = 1
        for _ in 1..<width { power *= 10 }
        guard number < power * 10 else { return append(plain: String(number)) }
        while power > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
            power /= 10
        }
    }
}

extension ValueText {
    /// TEXT (3.3.11): backslash, semicolon and comma escaped, every kind of line end written `\n`.
    ///
    /// Control characters may not stand in a calendar, so they are left out; the separators that some readers
    /// take for the end of a line become one.
    private mutating func append(text: String) {
        var text = text
        text.withUTF8 { text in
            var start = 0
            var position = 0
            while position < text.count {
                guard !text[position].isPlainInText, let mark = Mark(in: text, at: position) else {
                    position += 1
                    continue
                }
                bytes += text[start..<position]
                let isSecondHalf = text[position] == 0x0A && position > 0 && text[position - 1] == 0x0D
                if !isSecondHalf { bytes += mark.written }
                position += mark.length
                start = position
            }
            bytes += text[start...]
        }
    }

    /// A character that may not stand in a text as it is.
    private struct Mark {
        /// How many bytes it has.
        let length: Int
        let written: [UInt8]

        private static let lineEnd: [UInt8] = [UInt8(ascii: "\\"), UInt8(ascii: "n")]

        /// Nil for what may stand there.
        init?(in text: UnsafeBufferPointer<UInt8>, at position: Int) {
            let byte = text[position]
            let next = position + 1 < text.count ? text[position + 1] : 0
            switch byte {
            case UInt8(ascii: "\\"), UInt8(ascii: ";"), UInt8(ascii: ","):
                (length, written) = (1, [UInt8(ascii: "\\"), byte])
            case UInt8(ascii: "\t"): return nil
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): (length, written) = (1, Self.lineEnd)
            case 0..<0x20, 0x7F: (length, written) = (1, [])
            // U+0080 to U+009F are controls, U+0085 among them is the end of a line.
            case 0xC2 where next < 0xA0: (length, written) = (2, next == 0x85 ? Self.lineEnd : [])
            // U+2028 and U+2029.
            case 0xE2 where next == 0x80 && position + 2 < text.count && text[position + 2] & 0xFE == 0xA8:
                (length, written) = (3, Self.lineEnd)
            default: return nil
            }
        }
    }

    /// A URI as it may stand in a calendar: what is not plain ASCII is percent-encoded.
    private mutating func append(uri: String) {
        guard !uri.utf8.allSatisfy({ $0.mayStandInURI }) else { return append(plain: uri) }
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in uri.utf8 {
            if byte.mayStandInURI {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    /// A parameter's value: quoted where a colon, semicolon or comma would end it (3.2), with quotes, carets
    /// and line ends written as RFC 6868 says.
    mutating func append(parameter text: String) {
        let needsQuotes = text.utf8.contains {
            $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ",")
        }
        if needsQuotes { append(ascii: "\"") }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append(plain: "^'")
            case "^": append(plain: "^^")
            case "\n", "\u{85}", "\u{2028}", "\u{2029}": append(plain: "^n")
            default: if !scalar.isControl { bytes.append(contentsOf: UTF8.encode(scalar) ?? .init()) }
            }
        }
        if needsQuotes { append(ascii: "\"") }
    }
}

extension Unicode.Scalar {
    /// C0 and C1 controls and DEL, the tab among them.
    fileprivate var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}

extension UInt8 {
    /// Printable ASCII that stands in a text as it is.
    var isPlainInText: Bool {
        self >= 0x20 && self < 0x7F && self != UInt8(ascii: "\\") && self != UInt8(ascii: ";")
            && self != UInt8(ascii: ",")
    }

    /// Printable ASCII but the few that RFC 3986 does not allow anywhere.
    fileprivate var mayStandInURI: Bool {
        self > 0x20 && self < 0x7F && self != UInt8(ascii: "\"") && self != UInt8(ascii: "<")
            && self != UInt8(ascii: ">") && self != UInt8(ascii: "\\") && self != UInt8(ascii: "^")
            && self != UInt8(ascii: "`") && self != UInt8(ascii: "{") && self != UInt8(ascii: "|")
            && self != UInt8(ascii: "}")
    }
}
