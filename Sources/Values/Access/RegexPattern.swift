/// A `/regex/` pattern: an expression with, perhaps, values of the request in it.
///
/// Values are quoted, so that they are only ever themselves; a label stands for the alternatives that its
/// values are.
struct RegexPattern: Sendable {
    let outline: RegexOutline
    let isAnchored: Bool
    let groupCount: Int
    /// The expression, when it holds no placeholder.
    private let fixed: RegularExpression?
    /// The labels that stand in the expression more than once: all places then mean the same value.
    private let repeatedLabels: [String]

    /// Most combinations that repeated labels are tried in; each costs a compilation.
    private static let combinationsMax = 200

    /// Compiles what stands between the slashes.
    init(_ expression: String, isAnchored: Bool) throws(AccessError) {
        self.outline = try RegexOutline(expression)
        self.isAnchored = isAnchored
        // With any values put in, the expression is well formed if it is with these.
        let source = outline.pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .placeholder: "(?:a)"
            }
        }
        let compiled = try RegularExpression(source.joined(), isAnchored: isAnchored)
        self.groupCount = compiled.groupCount
        var counts: [String: Int] = [:]
        var hasPlaceholder = false
        for case .placeholder(let placeholder) in outline.pieces {
            hasPlaceholder = true
            if case .label(let name) = placeholder { counts[name, default: 0] += 1 }
        }
        self.fixed = hasPlaceholder ? nil : compiled
        self.repeatedLabels = counts.filter { $0.value > 1 }.keys.sorted()
    }

    /// Matches; a successful match with `keeping` leaves what the groups matched in `values`.
    func matches(_ text: [UInt8], _ values: inout RequestValues, keeping field: Field? = nil) -> Verdict {
        if let fixed { return Self.match(fixed, text, &values, keeping: field) }
        if repeatedLabels.isEmpty { return match(text, bound: [:], &values, keeping: field) }
        let choices = repeatedLabels.map { values.labelTexts($0).map(\.text) }
        var total = 1
        for choice in choices {
            total *= choice.count
            guard total <= Self.combinationsMax else {
                return .gaveUp(
                    "labels that stand twice in a /regex/ have more than \(Self.combinationsMax) values"
                )
            }
        }
        for number in 0..<total {
            let bound = GlobPattern.choice(number, of: choices, for: repeatedLabels)
            let verdict = match(text, bound: bound, &values, keeping: field)
            if verdict != .fails { return verdict }
        }
        return .fails
    }

    private func match(
        _ text: [UInt8], bound: [String: String], _ values: inout RequestValues, keeping field: Field?
    ) -> Verdict {
        guard let source = source(with: values, bound: bound) else { return .fails }
        do {
            let expression = try RegularExpression(source, isAnchored: isAnchored)
            return Self.match(expression, text, &values, keeping: field)
        } catch {
            return .gaveUp("with the values put in, \(error.description)")
        }
    }

    private static func match(
        _ expression: RegularExpression, _ text: [UInt8], _ values: inout RequestValues, keeping field: Field?
    ) -> Verdict {
        guard let field else { return expression.match(text) }
        let (verdict, groups) = expression.groups(of: text)
        values.captures[field] = groups
        return verdict
    }

    /// The expression with the values put in, or nil when the account lacks a label.
    private func source(with values: RequestValues, bound: [String: String]) -> String? {
        var source = ""
        for piece in outline.pieces {
            switch piece {
            case .text(let text): source += text
            case .placeholder(.field(let field)): source += Self.group([values[field]])
            case .placeholder(.capture(let field, let group)):
                source += Self.group([values.capture(field, group)])
            case .placeholder(.label(let name)):
                let texts = bound[name].map { [$0] } ?? values.labelTexts(name).map(\.text)
                guard !texts.isEmpty else { return nil }
                source += Self.group(texts.map { Array($0.utf8) })
            }
            // PCRE2 would refuse it anyway; this stops before the memory is spent.
            if source.utf8.count > RegularExpression.lengthMax { break }
        }
        return source
    }

    /// Texts as alternatives, each quoted.
    private static func group(_ alternatives: [[UInt8]]) -> String {
        var bytes = Array("(?:".utf8)
        for (place, alternative) in alternatives.enumerated() {
            if place > 0 { bytes.append(UInt8(ascii: "|")) }
            for byte in alternative { Self.quote(byte, into: &bytes) }
            if bytes.count > RegularExpression.lengthMax { break }
        }
        bytes.append(UInt8(ascii: ")"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Letters, digits and everything beyond ASCII mean themselves; a control character is written as a
    /// number, because a line break ends a comment; all others take a backslash.
    private static func quote(_ byte: UInt8, into bytes: inout [UInt8]) {
        if byte.isLetterOrDigit || byte >= 0x80 {
            bytes.append(byte)
        } else if byte < 0x20 || byte == 0x7F {
            let digits = Array("0123456789abcdef".utf8)
            bytes += Array("\\x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        } else {
            bytes += [.backslash, byte]
        }
    }
}
