/// The pattern of one condition, compiled.
enum FieldPattern: Sendable {
    case glob(GlobPattern)
    case regex(RegexPattern)
    case interpreted(InterpretedPattern)

    /// Compiles a pattern as the style reads it.
    init(_ text: String, style: PolicyStyle) throws(AccessError) {
        guard text.utf8.count <= Glob.lengthMax else {
            throw AccessError("the pattern is longer than \(Glob.lengthMax) bytes")
        }
        let pieces = try TextPiece.cut(text)
        if style.interpretsValues, pieces.contains(where: \.isPlaceholder) {
            self = .interpreted(
                InterpretedPattern(pieces: pieces, anchorsRegexes: style.anchorsRegexes))
        } else if let expression = text.betweenSlashes {
            do {
                self = .regex(try RegexPattern(expression, isAnchored: style.anchorsRegexes))
            } catch {
                throw AccessError("\(quoted(text)): \(error.description)")
            }
        } else {
            self = .glob(
                GlobPattern(
                    elements: try GlobParser.elements(of: text, in: style.globs, allowsPlaceholders: true)))
        }
    }

    /// The number of groups that other fields can use; nil when it is no regular expression of its own.
    var groupCount: Int? {
        guard case .regex(let pattern) = self else { return nil }
        return pattern.groupCount
    }

    var placeholders: [Placeholder] {
        switch self {
        case .glob(let pattern):
            pattern.elements.compactMap { element in
                guard case .placeholder(let placeholder) = element else { return nil }
                return placeholder
            }
        case .regex(let pattern): pattern.outline.pieces.compactMap(\.asPlaceholder)
        case .interpreted(let pattern): pattern.pieces.compactMap(\.asPlaceholder)
        }
    }

    /// Holds the pattern against a value; `keeping` has the groups of a regular expression kept.
    func matches(_ value: [UInt8], _ values: inout RequestValues, keeping field: Field? = nil) -> Verdict {
        switch self {
        case .glob(let pattern): pattern.matches(value, &values)
        case .regex(let pattern): pattern.matches(value, &values, keeping: field)
        case .interpreted(let pattern): pattern.matches(value, &values)
        }
    }
}

extension TextPiece {
    var asPlaceholder: Placeholder? {
        guard case .placeholder(let placeholder) = self else { return nil }
        return placeholder
    }

    var isPlaceholder: Bool { asPlaceholder != nil }
}
