/// What can be said of a regular expression without compiling it: where values may stand in it, and which
/// texts a matching value must hold, for the index.
struct RegexOutline {
    /// The expression cut at its placeholders.
    private(set) var pieces: [TextPiece] = []
    /// What stands at the front of every match, if the expression says so: perhaps a placeholder, then a
    /// text.
    private(set) var headPlaceholder: Placeholder?
    private(set) var head: [UInt8] = []
    /// The longest text that every match holds somewhere.
    private(set) var longestRun: [UInt8] = []
    /// Whether the expression fixes its head to the beginning of the text by itself.
    private(set) var startsWithCaret = false
    /// Whether it certainly matches whole values only, without being told to.
    private(set) var isAnchoredByItself = false

    /// Reads an expression.
    ///
    /// Placeholders are values in the plain text of an expression. In a character class, a comment, a
    /// quotation (`\Q`), a verb `(*…)` or a callout a value could break out of its quotes, so they are
    /// refused there.
    init(_ pattern: String) throws(AccessError) {
        var scanner = RegexScanner(pattern)
        try scanner.run()
        self.pieces = scanner.pieces
        guard !scanner.isOpaque else { return }
        self.startsWithCaret = scanner.tokens.first == .caret
        self.isAnchoredByItself = startsWithCaret && scanner.tokens.last == .dollar
        read(scanner.tokens.drop { $0 == .caret })
    }

    private mutating func read(_ tokens: ArraySlice<RegexScanner.Token>) {
        var tokens = tokens
        if case .placeholder(let placeholder)? = tokens.first {
            self.headPlaceholder = placeholder
            tokens.removeFirst()
        }
        var run: [UInt8] = []
        var isHead = true
        for token in tokens + [.other] {
            if case .literal(let byte) = token {
                run.append(byte)
                continue
            }
            if isHead { head = run }
            if run.count > longestRun.count { longestRun = run }
            isHead = false
            run = []
        }
    }
}

/// Walks through a regular expression, keeping what is certain about its outermost level.
private struct RegexScanner {
    enum Token: Equatable {
        case literal(UInt8)
        case placeholder(Placeholder)
        case caret
        case dollar
        case other
    }

    private let pattern: String
    private var index: String.Index
    private var textStart: String.Index
    private var depth = 0
    private var riskyPlace: String?
    private(set) var pieces: [TextPiece] = []
    private(set) var tokens: [Token] = []
    /// Whether nothing certain can be said: an alternative on the outermost level, options, verbs.
    private(set) var isOpaque = false

    init(_ pattern: String) {
        self.pattern = pattern
        self.index = pattern.startIndex
        self.textStart = pattern.startIndex
    }

    /// As bytes, because a substring that begins within a character would step back to its beginning.
    private var rest: Substring.UTF8View { pattern.utf8[index...] }

    mutating func run() throws(AccessError) {
        while let byte = rest.first {
            switch byte {
            case .dollar:
                guard try readPlaceholder() else {
                    advance()
                    add(.dollar)
                    continue
                }
            case .backslash: readEscape()
            case UInt8(ascii: "["): try readClass()
            case UInt8(ascii: "("): openGroup()
            case UInt8(ascii: ")"):
                depth -= 1
                advance()
                add(.other)
            case UInt8(ascii: "|"):
                if depth <= 0 { isOpaque = true }
                advance()
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
                advance()
                repeatLast()
                if byte == UInt8(ascii: "{") { skipCount() }
            case UInt8(ascii: "^"), UInt8(ascii: "."):
                advance()
                add(byte == UInt8(ascii: "^") ? .caret : .other)
            default:
                advance()
                add(.literal(byte))
            }
        }
        flushText()
    }

    private mutating func advance(_ count: Int = 1) {
        index = pattern.utf8.index(index, offsetBy: count, limitedBy: pattern.endIndex) ?? pattern.endIndex
    }

    private mutating func add(_ token: Token) {
        if depth <= 0 { tokens.append(token) }
    }

    private mutating func flushText() {
        if textStart < index { pieces.append(.text(String(pattern[textStart..<index]))) }
        textStart = index
    }

    private mutating func readPlaceholder() throws(AccessError) -> Bool {
        guard let end = try TextPiece.placeholderEnd(in: Substring(rest)) else { return false }
        let placeholder = try Placeholder(pattern[index..<end].dropFirst(2).dropLast())
        if let riskyPlace {
            throw AccessError("${…} cannot stand in a regular expression that has \(riskyPlace)")
        }
        flushText()
        index = end
        textStart = end
        pieces.append(.placeholder(placeholder))
        add(.placeholder(placeholder))
        return true
    }

    /// A construct whose end a value could forge. What was cut before it is safe, what comes after is not.
    private mutating func foundRisk(_ what: String) {
        isOpaque = true
        if riskyPlace == nil { riskyPlace = what }
    }

    private mutating func readEscape() {
        advance()
        guard let escaped = rest.first else { return add(.other) }
        if escaped == UInt8(ascii: "Q") { foundRisk("\\Q before it") }
        if escaped.isLetterOrDigit {
            advance()
            // Other letters take what follows them as their own, as in \x41 and \p{L}.
            if !"dDwWsShHvVbBAzZnrtfea".utf8.contains(escaped) { isOpaque = true }
            return add(.other)
        }
        advance()
        add(.literal(escaped))
    }

    /// A repetition makes what stands before it optional, or uncertain in its count.
    private mutating func repeatLast() {
        guard depth <= 0 else { return }
        if !tokens.isEmpty {
            // A character of more than one byte repeats as a whole.
            while case .literal(let byte)? = tokens.last, byte.isContinuation { tokens.removeLast() }
            if !tokens.isEmpty { tokens.removeLast() }
        }
        tokens.append(.other)
    }

    private mutating func skipCount() {
        while let byte = rest.first, byte.isDigit || byte == UInt8(ascii: ",") { advance() }
        if rest.first == UInt8(ascii: "}") { advance() }
    }

    private mutating func openGroup() {
        advance()
        add(.other)
        depth += 1
        if rest.first == UInt8(ascii: "*") {
            foundRisk("(* before it")
        } else if rest.first == UInt8(ascii: "?") {
            advance()
            switch rest.first {
            case UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "!"), UInt8(ascii: ">"),
                UInt8(ascii: "<"),
                UInt8(ascii: "P"), UInt8(ascii: "'"):
                break
            case UInt8(ascii: "#"): foundRisk("a comment before it")
            case UInt8(ascii: "C"): foundRisk("a callout before it")
            default: isOpaque = true
            }
            advance()
        }
    }

    private mutating func readClass() throws(AccessError) {
        advance()
        if rest.first == UInt8(ascii: "^") { advance() }
        if rest.first == UInt8(ascii: "]") { advance() }
        while let byte = rest.first, byte != UInt8(ascii: "]") {
            if byte == .backslash {
                if rest.dropFirst().first == UInt8(ascii: "Q") { foundRisk("\\Q before it") }
                advance()
            } else if byte == UInt8(ascii: "["), let end = posixClassEnd() {
                index = end
                continue
            } else if byte == .dollar, try TextPiece.placeholderEnd(in: Substring(rest)) != nil {
                throw AccessError("${…} cannot stand between [ and ] in a regular expression")
            }
            advance()
        }
        advance()
        add(.other)
    }

    /// The end of `[:alpha:]`, within a class.
    private func posixClassEnd() -> String.Index? {
        guard let kind = rest.dropFirst().first, [0x3A, 0x2E, 0x3D].contains(kind) else { return nil }
        let body = rest.dropFirst(2)
        guard
            let end = body.firstIndex(where: { !$0.isLetterOrDigit && $0 != UInt8(ascii: "^") }),
            body[end] == kind, body[body.index(after: end)...].first == UInt8(ascii: "]")
        else { return nil }
        return body.index(end, offsetBy: 2)
    }
}
