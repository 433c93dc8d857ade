import FoundationEssentials
import Weather

/// Reads the ways services write times. Results are seconds since 1970.
enum Moments {
    /// `2026-03-29T15:00`, `…:00:00`, `…:00.123`, then `Z`, `+02:00`, `+0200` or nothing; nothing means
    /// `offset`.
    static func seconds(_ text: String, offset: Int = 0) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 10, let date = CivilDate(bytes[..<10]) else { return nil }
        guard bytes.count > 10 else { return date.number * 86_400 - offset }
        guard bytes.count >= 16, bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: " "),
            bytes[13] == colon,
            let hour = two(bytes, 11), let minute = two(bytes, 14), hour <= 24, minute < 60
        else { return nil }
        var position = 16
        var second = 0
        if position + 2 < bytes.count, bytes[position] == colon {
            guard let value = two(bytes, position + 1), value <= 60 else { return nil }
            second = value
            position += 3
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
        }
        guard let zone = zoneOffset(bytes[position...], otherwise: offset) else { return nil }
        return date.number * 86_400 + hour * 3600 + minute * 60 + second - zone
    }

    private static let colon = UInt8(ascii: ":")

    private static func two(_ bytes: [UInt8], _ at: Int) -> Int? {
        guard at + 1 < bytes.count, (48...57).contains(bytes[at]), (48...57).contains(bytes[at + 1]) else {
            return nil
        }
        return Int(bytes[at] - 48) * 10 + Int(bytes[at + 1] - 48)
    }

    private static func zoneOffset(_ rest: ArraySlice<UInt8>, otherwise: Int) -> Int? {
        guard let sign = rest.first else { return otherwise }
        if sign == UInt8(ascii: "Z") { return rest.count == 1 ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let digits = rest.dropFirst().filter { $0 != colon }
        guard digits.count == 4, let hours = two(digits, 0), let minutes = two(digits, 2), hours <= 15,
            minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1)
    }

    /// A length of ISO 8601 in whole hours, days included: `PT6H`, `P1DT2H`, `P7D`.
    static func hours(ofDuration text: Substring) -> Int? {
        var hours = 0
        var number = ""
        var isTime = false
        guard text.first == "P" else { return nil }
        for character in text.dropFirst() {
            switch character {
            case "T": isTime = true
            case "0"..."9": number.append(character)
            case "D" where !isTime: hours += 24 * (Int(number) ?? 0)
            case "H" where isTime: hours += Int(number) ?? 0
            case "M" where isTime: break
            default: return nil
            }
            if character.isLetter { number = "" }
        }
        return hours
    }

    static func date(_ seconds: Int) -> Date { Date(timeIntervalSince1970: Double(seconds)) }
}

extension JSONValue {
    /// A moment written as a number of seconds or as text; nil when it is null.
    func moment(offset: Int = 0) throws(AnswerMistake) -> Int? {
        switch kind {
        case .null: return nil
        case .number: return try integer()
        default:
            guard let text = try string() else { return nil }
            guard let seconds = Moments.seconds(text, offset: offset) else {
                throw mistake("should be a time")
            }
            return seconds
        }
    }

    func moment(_ name: StaticString) throws(AnswerMistake) -> Int? { try self[name]?.moment() }

    /// How far the clock of a place is from UTC, in seconds; nil when it is null or not there.
    func offset(_ name: StaticString, unit: Double = 1) throws(AnswerMistake) -> Int? {
        guard let value = self[name], let number = try value.number() else { return nil }
        guard abs(number * unit) <= 18 * 3600 else { throw value.mistake("should be an offset from UTC") }
        return Int(number * unit)
    }

    /// The first of these members that is there and not null.
    func moment(anyOf names: [StaticString]) throws(AnswerMistake) -> Int? {
        for name in names { if let moment = try moment(name) { return moment } }
        return nil
    }
}
