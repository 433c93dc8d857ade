/// A pattern as docker_auth reads it: values are put into the text first, and what the text then is, a glob
/// or a regular expression, is decided afterwards.
///
/// So a label's value can widen a rule, even to everything. It is here for those whose labels are written
/// that way and who asked for it; nothing else uses it.
struct InterpretedPattern: Sendable {
    let pieces: [TextPiece]

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
            let verdict = Self.match(pattern, text)
            if verdict != .fails { return verdict }
        }
        return .fails
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

    private static func match(_ pattern: String, _ text: [UInt8]) -> Verdict {
        if let expression = pattern.betweenSlashes {
            guard let compiled = try? RegularExpression(expression, isAnchored: false) else { return .fails }
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
