/// Reads globs. What is malformed is refused here, so that matching has nothing left to doubt.
struct GlobParser {
    private let dialect: GlobDialect
    private let allowsPlaceholders: Bool
    private var rest: Substring.UnicodeScalarView
    private var elements: [GlobElement] = []
    private var literal: [UInt8] = []

    /// The elements of a glob.
    ///
    /// - Parameter allowsPlaceholders: whether `${…}` stands for a value; otherwise it is a text like any
    /// other.
    static func elements(
        of text: String, in dialect: GlobDialect, allowsPlaceholders: Bool = false
    ) throws(AccessError) -> [GlobElement] {
        guard text.utf8.count <= Glob.lengthMax else {
            throw AccessError("the pattern is longer than \(Glob.lengthMax) bytes")
        }
        var parser = GlobParser(text, dialect, allowsPlaceholders)
        do {
            try parser.read()
        } catch {
            throw AccessError("\(quoted(text)) is no pattern: \(error.description)")
        }
        return parser.elements
    }

    private init(_ text: String, _ dialect: GlobDialect, _ allowsPlaceholders: Bool) {
        self.rest = text[...].unicodeScalars
        self.dialect = dialect
        self.allowsPlaceholders = allowsPlaceholders
    }

    private mutating func read() throws(AccessError) {
        while let scalar = rest.first {
            if scalar == "$", allowsPlaceholders, let end = try TextPiece.placeholderEnd(in: Substring(rest))
            {
                let inside = Substring(rest[..<end]).dropFirst(2).dropLast()
                finish(.placeholder(try Placeholder(inside)))
                rest = rest[end...]
                continue
            }
            rest.removeFirst()
            switch scalar {
            case "*": readStars()
            case "?": finish(.anyCharacter)
            case "[": finish(.oneOf(try readClass()))
            case "\\":
                guard let escaped = rest.popFirst() else {
                    throw AccessError("it ends in a \\ with nothing after it")
                }
                literal.append(contentsOf: UTF8.encode(escaped).map { Array($0) } ?? [])
            default: literal.append(contentsOf: UTF8.encode(scalar).map { Array($0) } ?? [])
            }
        }
        flush()
    }

    private mutating func flush() {
        guard !literal.isEmpty else { return }
        elements.append(.literal(literal))
        literal = []
    }

    private mutating func finish(_ element: GlobElement) {
        flush()
        elements.append(element)
    }

    /// Reads the stars after the first. Stars side by side are one element, so that none is walked twice.
    private mutating func readStars() {
        var count = 1
        while rest.first == "*" {
            rest.removeFirst()
            count += 1
        }
        let star: GlobElement = count > 1 && dialect == .homeport ? .anything : .anyInSegment
        finish(star)
    }

    private mutating func readClass() throws(AccessError) -> CharacterClass {
        var result = CharacterClass(matchesSlash: dialect == .go)
        if rest.first == "^" || (rest.first == "!" && dialect == .homeport) {
            rest.removeFirst()
            result.isNegated = true
        }
        while rest.first != "]" || result.ranges.isEmpty {
            let low = try readClassMember()
            var high = low
            if rest.first == "-" {
                rest.removeFirst()
                high = try readClassMember()
            }
            guard low <= high else { throw AccessError("a range in its [ ] runs backwards") }
            result.ranges.append(low...high)
        }
        rest.removeFirst()
        return result
    }

    private mutating func readClassMember() throws(AccessError) -> UInt32 {
        guard let scalar = rest.popFirst() else { throw AccessError("a [ is not closed by ]") }
        switch scalar {
        case "]", "-":
            throw AccessError("a ] or - for itself in [ ] needs a \\ before it, and [ ] is not empty")
        case "\\":
            guard let escaped = rest.popFirst() else { throw AccessError("a [ is not closed by ]") }
            return escaped.value
        default: return scalar.value
        }
    }
}
