/// A pattern as a shell has them, matched against the whole of a text.
///
/// `*` stands for any run of characters and `?` for one, but never for `/`; `**` stands for any run, `/`
/// included; `[a-z]` stands for one of a range and `[^a-z]` or `[!a-z]` for one outside of it; `\` takes the
/// character after it as it is. Matching takes time in proportion to the pattern times the text, whatever
/// they hold.
package struct Glob: Hashable, Sendable {
    /// The text it was read from.
    package let text: String
    private let pattern: GlobPattern

    /// Longest pattern, in bytes.
    package static let lengthMax = 4096

    package init(_ text: String) throws(AccessError) {
        self.text = text
        self.pattern = GlobPattern(elements: try GlobParser.elements(of: text, in: .homeport))
    }

    package func matches(_ text: String) -> Bool { pattern.matches(Array(text.utf8)) }

    /// What every matching text begins with; all of the text when the pattern has nothing special.
    package var literalPrefix: String {
        guard case .literal(let bytes)? = pattern.elements.first else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether every text matches that begins with `literalPrefix`: `team-a/**`.
    package var isPrefix: Bool {
        switch pattern.elements.count {
        case 1: pattern.elements[0] == .anything
        case 2: pattern.elements[1] == .anything && !literalPrefix.isEmpty
        default: false
        }
    }

    /// Whether only one text matches.
    package var isLiteral: Bool { pattern.literal != nil }
}

/// The two readings of globs.
enum GlobDialect: Hashable, Sendable {
    /// `**` crosses `/`, `!` negates as `^` does, and no class matches `/`.
    case homeport
    /// Go's `path.Match`: `**` is `*`, `!` in a class is itself, and a class matches `/` like any character.
    case go
}

/// One step of a glob.
enum GlobElement: Hashable, Sendable {
    case literal([UInt8])
    /// `?`
    case anyCharacter
    /// `*`
    case anyInSegment
    /// `**`
    case anything
    /// `[a-z]`
    case oneOf(CharacterClass)
    case placeholder(Placeholder)
}

/// The characters that stand between `[` and `]`.
struct CharacterClass: Hashable, Sendable {
    var isNegated = false
    var ranges: [ClosedRange<UInt32>] = []
    var matchesSlash: Bool

    func contains(_ scalar: UInt32) -> Bool {
        if scalar == UInt32(UInt8.slash), !matchesSlash { return false }
        return ranges.contains { $0.contains(scalar) } != isNegated
    }
}
