/// A pattern as docker_auth reads it: values are put into the text first, and what the text then is, a glob
/// or a regular expression, is decided afterwards.
///
/// So a label's value can widen a rule, even to everything. It is here for those whose labels are written
/// that way and who asked for it; nothing else uses it.
struct InterpretedPattern: Sendable {
    let pieces: [TextPiece]
    /// Whether what becomes a regular expression has to match the whole value.
    let anchorsRegexes: Bool

    /// Most combinations of labels that are tried, and what one costs when it is a regular expression.
    private static let combinationsMax = 10_000
    private static let regexCost = 20

    func matches(_ text: [UInt8], _ values: inout RequestValues) -> Verdict {
        var names: [String] = []
        for case .placeholder(.label(let name)) in pieces where !names.contains(name) { names.append(name) }
        let choices = names.map { values.labelTexts($0).map(\.text) }
        var total = 1
        for choice in choices {
            total *= choice.count
            guard total <= Self.combinationsMax else { return .gaveUp(RequestValues.tooMany) }
        }
        var work = 0
        for number in 0..<total {
            let pattern = substituted(values, GlobPattern.choice(number, of: choices, for: names))
            work += pattern.betweenSlashes == nil ? 1 : Self.regexCost
            guard work <= Self.combinationsMax else { return .gaveUp(RequestValues.tooMany) }
            let verdict = match(pattern, text)
            if verdict != .fails { return verdict }
        }
        return .fails
    }

    /// Whether a value can make another pattern of it: labels and groups are put in as they are, and what begins
    /// and ends with values becomes a regular expression when they begin and end with a slash.
    var canBeWidened: Bool {
        let isFreeAtBothEnds = pieces.first?.isPlaceholder == true && pieces.last?.isPlaceholder == true
        return isFreeAtBothEnds
            || pieces.contains { piece in
                switch piece.asPlaceholder {
                case .label, .capture: true
                case .field, nil: false
                }
            }
    }

    /// Whether it is a regular expression as it is written, and matches anywhere in a value.
    var isUnanchored: Bool {
        guard !anchorsRegexes, case .text(let first)? = pieces.first, case .text(let last)? = pieces.last,
            first.hasPrefix("/"), last.hasSuffix("/"), pieces.count > 1
        else { return false }
        return !(first.hasPrefix("/^") && last.hasSuffix("$/"))
    }

    /// What every matching name begins with: a text, or a value of the request and a text. Nil where it could be
    /// a regular expression, or a label or a group is first, which could be a glob.
    var head: (front: RuleKey.Front, text: [UInt8])? {
        guard let first = pieces.first, let last = pieces.last, isGlob(from: first, to: last) else {
            return nil
        }
        switch first {
        case .text(let text):
            let bytes = Self.plainBeginning(of: text)
            return bytes.isEmpty ? nil : (.start, bytes)
        case .placeholder(.field(let field)):
            guard field != .name, case .text(let text)? = pieces.dropFirst().first else { return nil }
            return (.field(field), Self.plainBeginning(of: text))
        case .placeholder: return nil
        }
    }

    /// Whether it is a glob whatever is put in: it does not both begin and end with a slash, or with a value that
    /// might.
    private func isGlob(from first: TextPiece, to last: TextPiece) -> Bool {
        if case .text(let text) = first, !text.hasPrefix("/") { return true }
        if case .text(let text) = last, !text.hasSuffix("/") { return true }
        return false
    }

    private static func plainBeginning(of text: String) -> [UInt8] {
        Array(text.utf8.prefix { !#"*?[\"#.utf8.contains($0) })
    }

    private func substituted(_ values: RequestValues, _ labels: [String: String]) -> String {
        var result = ""
        for piece in pieces {
            switch piece {
            case .text(let text): result += text
            case .placeholder(.field(let field)): result += Self.quote(values[field])
            case .placeholder(.capture(let field, let group)):
                result += String(decoding: values.capture(field, group), as: UTF8.self)
            case .placeholder(.label(let name)): result += labels[name] ?? ""
            }
        }
        return result
    }

    private func match(_ pattern: String, _ text: [UInt8]) -> Verdict {
        if let expression = pattern.betweenSlashes {
            guard let compiled = try? RegularExpression(expression, isAnchored: anchorsRegexes) else {
                return .fails
            }
            return compiled.match(text)
        }
        // A malformed glob matches nothing, in docker_auth too.
        guard let elements = try? GlobParser.elements(of: pattern, in: .go) else { return .fails }
        return GlobPattern(elements: elements).matches(text) ? .holds : .fails
    }

    /// A backslash before whatever means something in a regular expression, as in Go's `QuoteMeta`.
    private static func quote(_ value: [UInt8]) -> String {
        var bytes: [UInt8] = []
        for byte in value {
            if #"\.+*?()|[]{}^$"#.utf8.contains(byte) { bytes.append(.backslash) }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    /// What a `/regex/` pattern holds; nil when the text is none.
    var betweenSlashes: String? {
        guard utf8.count > 2, utf8.first == .slash, utf8.last == .slash else { return nil }
        return String(dropFirst().dropLast())
    }
}
