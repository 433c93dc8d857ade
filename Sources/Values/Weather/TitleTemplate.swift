/// A title with words in braces that are replaced by what an event is about: `Wind {peak}`.
///
/// A part in square brackets is left out of events of a single hour: `Rain {sum}[ (peak {peak} {at})]`. A
/// brace or bracket that is doubled stands for itself.
package struct TitleTemplate: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case text(String)
        case word(String)
        case longOnly([Part])
    }

    /// Why a template cannot be used.
    package struct Mistake: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String
    }

    let parts: [Part]

    /// The words for events made of hours.
    package static let hourWords: Set<String> = [
        "name", "peak", "sum", "at", "from", "to", "hours", "low", "high", "place",
    ]
    /// The words for summaries of days.
    package static let dayWords: Set<String> = [
        "low", "high", "degree", "humidity", "rain", "snow", "conditions", "wind", "gust", "uv", "chance",
        "place",
        "sunrise", "sunset", "weekday",
    ]

    /// - Parameter words: those that may stand in braces.
    package init(_ text: String, words: Set<String>) throws(Mistake) {
        guard text.utf8.count <= 500 else { throw Mistake(description: "a title is at most 500 bytes") }
        var reader = Reader(rest: text[...], words: words)
        self.parts = try reader.parts(inBrackets: false)
    }

    /// The title. What is not known is left out, and with it what touches it: of `{humidity}% Rain:{rain}`
    /// only `Rain:3` where the humidity is unknown.
    package func filled(isLong: Bool, _ value: (String) -> String?) -> String {
        let text = Self.fill(parts, isLong: isLong, value)
        guard text.utf8.contains(0) else { return text }
        return text.split(separator: " ").filter { !$0.contains(Self.unknown) }.joined(separator: " ")
    }

    /// Stands for what is not known until the title is made; no title can hold it.
    private static let unknown: Character = "\u{0}"

    private static func fill(_ parts: [Part], isLong: Bool, _ value: (String) -> String?) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .word(let word): result += value(word) ?? String(unknown)
            case .longOnly(let inner): if isLong { result += fill(inner, isLong: true, value) }
            }
        }
        return result
    }
}

extension String {
    /// The same with a space for every end of a line and every other control character.
    var onOneLine: String {
        let isControl = { (scalar: Unicode.Scalar) in
            scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                || (0x2028...0x2029).contains(scalar.value)
        }
        guard unicodeScalars.contains(where: isControl) else { return self }
        var line = ""
        for scalar in unicodeScalars { line.unicodeScalars.append(isControl(scalar) ? " " : scalar) }
        return line
    }
}

private struct Reader {
    var rest: Substring
    let words: Set<String>

    mutating func parts(inBrackets: Bool) throws(TitleTemplate.Mistake) -> [TitleTemplate.Part] {
        var parts: [TitleTemplate.Part] = []
        var text = ""
        func flushed() -> [TitleTemplate.Part] { text.isEmpty ? [] : [.text(text)] }
        while let character = rest.popFirst() {
            if "{}[]".contains(character), rest.first == character {
                rest.removeFirst()
                text.append(character)
                continue
            }
            switch character {
            case "{":
                parts += flushed()
                text = ""
                parts.append(.word(try word()))
            case "[" where !inBrackets:
                parts += flushed()
                text = ""
                parts.append(.longOnly(try self.parts(inBrackets: true)))
            case "]" where inBrackets: return parts + flushed()
            case "}", "[", "]":
                throw TitleTemplate.Mistake(
                    description: "'\(character)' has no partner in the title; write it twice to mean itself")
            default: text.append(character.isNewline || character == "\u{0}" ? " " : character)
            }
        }
        guard !inBrackets else {
            throw TitleTemplate.Mistake(description: "a '[' in the title is not closed")
        }
        return parts + flushed()
    }

    private mutating func word() throws(TitleTemplate.Mistake) -> String {
        guard let end = rest.firstIndex(of: "}") else {
            throw TitleTemplate.Mistake(description: "a '{' in the title is not closed")
        }
        let word = String(rest[..<end])
        rest = rest[rest.index(after: end)...]
        guard words.contains(word) else {
            throw TitleTemplate.Mistake(
                description:
                    "the title has {\(word.prefix(40))}; it may have \(words.sorted().map { "{\($0)}" }.joined(separator: " "))"
            )
        }
        return word
    }
}
