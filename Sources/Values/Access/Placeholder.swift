/// The fields of a request that rules match with patterns.
enum Field: String, Sendable, CaseIterable {
    case account, type, name, service
}

/// Something of the form `${…}` in a pattern, which stands for a value of the request.
enum Placeholder: Hashable, Sendable {
    /// `${account}`
    case field(Field)
    /// `${labels:project}`: any value of the account's label.
    case label(String)
    /// `${name:1}`: what a group of the regular expression of another field of the same rule has matched.
    case capture(Field, Int)

    static let groupMax = 99

    /// Reads what stands between `${` and `}`.
    init(_ text: Substring) throws(AccessError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 1, let field = Field(rawValue: String(text)) {
            self = .field(field)
        } else if parts.count == 2, parts[0] == "labels", !parts[1].isEmpty {
            self = .label(String(parts[1]))
        } else if parts.count == 2, let field = Field(rawValue: String(parts[0])),
            let group = Int(parts[1]), (0...Self.groupMax).contains(group)
        {
            self = .capture(field, group)
        } else {
            throw AccessError(
                """
                \(quoted("${\(text)}")) is not known: there are ${account}, ${type}, ${name}, ${service}, \
                ${labels:NAME} and, for a group of another field's /regex/, ${name:1}
                """)
        }
    }
}

/// A pattern's text cut at its placeholders, with no other understanding of it.
enum TextPiece: Hashable, Sendable {
    case text(String)
    case placeholder(Placeholder)

    /// Cuts a pattern. A `\` keeps the character after it from starting a placeholder.
    static func cut(_ pattern: String) throws(AccessError) -> [TextPiece] {
        var pieces: [TextPiece] = []
        var start = pattern.startIndex
        var index = pattern.startIndex
        let bytes = pattern.utf8
        while index < bytes.endIndex {
            if bytes[index] == .backslash {
                index = bytes.index(after: index)
            } else if let end = try placeholderEnd(in: pattern[index...]) {
                if start < index { pieces.append(.text(String(pattern[start..<index]))) }
                pieces.append(.placeholder(try Placeholder(pattern[index..<end].dropFirst(2).dropLast())))
                start = end
                index = end
                continue
            }
            if index < bytes.endIndex { index = bytes.index(after: index) }
        }
        if start < pattern.endIndex { pieces.append(.text(String(pattern[start...]))) }
        return pieces
    }

    /// The end of the placeholder that the text begins with; nil when it begins with none.
    static func placeholderEnd(in text: Substring) throws(AccessError) -> Substring.Index? {
        guard text.utf8.starts(with: "${".utf8) else { return nil }
        guard let closing = text.utf8.firstIndex(of: UInt8(ascii: "}")) else {
            throw AccessError("${ is not closed by }; for a dollar sign and a brace write \\${")
        }
        return text.utf8.index(after: closing)
    }
}
