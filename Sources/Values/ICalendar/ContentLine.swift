/// A line of a calendar that somebody else wrote, unfolded and cut into its parts (RFC 5545, 3.1).
package struct ContentLine: Hashable, Sendable {
    /// In capital letters.
    package let name: String
    /// The parameters as they stand, without the first semicolon.
    package let parameters: String
    /// The value as it stands, escapes included.
    package let value: String

    /// The lines of a calendar. What is no line is left out; line ends may be LF alone.
    package static func lines(of bytes: [UInt8]) -> [ContentLine] {
        var unfolded: [[UInt8]] = []
        for piece in bytes.split(separator: 0x0A, omittingEmptySubsequences: true) {
            let line = piece.last == 0x0D ? piece.dropLast() : piece
            if let first = line.first, first == 0x20 || first == 0x09, !unfolded.isEmpty {
                unfolded[unfolded.count - 1] += line.dropFirst()
            } else {
                unfolded.append(Array(line))
            }
        }
        return unfolded.compactMap(ContentLine.init(line:))
    }

    private init?(line: [UInt8]) {
        var isQuoted = false
        var nameEnd: Int?
        for (index, byte) in line.enumerated() {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ";") where nameEnd == nil: nameEnd = index
            case UInt8(ascii: ":") where !isQuoted:
                let end = nameEnd ?? index
                guard end > 0 else { return nil }
                self.name = String(decoding: line[..<end], as: UTF8.self).uppercased()
                self.parameters = String(decoding: line[end..<index].dropFirst(), as: UTF8.self)
                self.value = String(decoding: line[(index + 1)...], as: UTF8.self)
                return
            default: break
            }
        }
        return nil
    }

    /// The moment a DATE-TIME or DATE means, taking a clock that is not UTC's for UTC's.
    package var moment: (at: UTCSeconds, isUTC: Bool)? {
        let digits = Array(value.utf8)
        func number(_ range: Range<Int>) -> Int? {
            var result = 0
            for byte in digits[range] {
                guard (48...57).contains(byte) else { return nil }
                result = result * 10 + Int(byte) - 48
            }
            return result
        }
        guard
            digits.count >= 8, let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
            (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let midnight = CivilDate(year: year, month: month, day: day).daysSinceEpoch * 86_400
        guard digits.count > 8 else { return (UTCSeconds(midnight), false) }
        guard
            digits.count >= 15, let hour = number(9..<11), let minute = number(11..<13),
            let second = number(13..<15)
        else { return nil }
        return (UTCSeconds(midnight + hour * 3600 + minute * 60 + second), digits.last == UInt8(ascii: "Z"))
    }
}
