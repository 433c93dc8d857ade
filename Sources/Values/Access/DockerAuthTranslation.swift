/// A rule of docker_auth as one of Homeport's own that grants the same, and what of it means something else.
package struct DockerAuthTranslation: Sendable {
    package let rule: Rule
    /// What the rule no longer does, or does now: the field, and a sentence.
    package private(set) var differences: [(field: String, text: String)] = []

    /// - Parameter rule: compiled before, in docker_auth's style.
    package init(of rule: Rule) {
        var translated = rule
        var found: [(field: String, text: String)] = []
        func translate(_ text: String?, _ field: String) -> String? {
            guard let text else { return nil }
            let pattern = PatternTranslation(of: text)
            found += pattern.differences.map { (field, $0) }
            return pattern.text
        }
        translated.match.account = translate(rule.match.account, "account")
        translated.match.type = translate(rule.match.type, "type")
        translated.match.name = translate(rule.match.name, "name")
        translated.match.service = translate(rule.match.service, "service")
        for (label, text) in rule.match.labels.sorted(by: { $0.key < $1.key }) {
            translated.match.labels[label] = translate(text, "labels.\(label)")
        }
        if rule.actions.count > 1, rule.actions.contains("*") {
            translated.actions.removeAll { $0 == "*" }
            found.append(("actions", "* beside other actions granted nothing but itself, and is left out"))
        }
        self.rule = translated
        self.differences = found
    }

    /// An account's labels in Homeport's notation: their values are globs, and two stars cross slashes here.
    package static func labels(of labels: Labels) -> Labels {
        labels.mapValues { values in
            values.map { value in
                var glob = GlobTranslation(of: value.text)
                return LabelValue(glob.run(), isLiteral: value.isLiteral)
            }
        }
    }
}

/// A pattern of docker_auth in Homeport's notation.
private struct PatternTranslation {
    let text: String
    private(set) var differences: [String] = []

    init(of pattern: String) {
        if let expression = pattern.betweenSlashes {
            text = "/" + Self.anchored(expression) + "/"
            if (try? RegexOutline(expression))?.isAnchoredByItself != true,
                ![".+", ".*"].contains(expression)
            {
                differences.append(
                    "it goes on matching anywhere in a value; write /\(expression)/ for the whole value alone"
                )
            }
        } else {
            var glob = GlobTranslation(of: pattern)
            text = glob.run()
            differences = glob.differences
        }
        for piece in (try? TextPiece.cut(pattern)) ?? [] {
            switch piece.asPlaceholder {
            case .label(let name)?:
                differences.append(
                    pattern.betweenSlashes == nil
                        ? "a value of the label \(name) is a text or a glob, and never becomes a regular expression"
                        : "a value of the label \(name) is a text, and no part of the regular expression")
            case .capture?:
                differences.append("what a group has matched is a text, and never becomes a pattern")
            case .field?, nil: break
            }
        }
    }

    /// An expression that matches a whole value where the given one matches somewhere in it, first as it would.
    private static func anchored(_ expression: String) -> String {
        if [".+", ".*"].contains(expression) { return expression }
        if (try? RegexOutline(expression))?.isAnchoredByItself == true { return expression }
        return "(?s:.*?)(?:\(expression))(?s:.*)"
    }
}

/// Go's globs in Homeport's notation: two stars are one there, `!` in a class is itself, and a class matches `/`.
private struct GlobTranslation {
    private(set) var differences: [String] = []
    private var rest: Substring.UnicodeScalarView
    private var result = String.UnicodeScalarView()

    init(of pattern: String) { rest = pattern[...].unicodeScalars }

    mutating func run() -> String {
        while let scalar = rest.popFirst() {
            result.append(scalar)
            switch scalar {
            case "\\": if let escaped = rest.popFirst() { result.append(escaped) }
            case "*": while rest.first == "*" { rest.removeFirst() }
            case "$" where rest.first == "{": copyPlaceholder()
            case "[": copyClass()
            default: break
            }
        }
        return String(result)
    }

    private mutating func copyPlaceholder() {
        while let scalar = rest.popFirst() {
            result.append(scalar)
            if scalar == "}" { return }
        }
    }

    private mutating func copyClass() {
        var isNegated = false
        var holdsSlash = false
        if rest.first == "^" {
            isNegated = true
            result.append(rest.removeFirst())
        } else if rest.first == "!" {
            result.append(contentsOf: "\\!".unicodeScalars)
            rest.removeFirst()
        }
        var last: Unicode.Scalar?
        var isRange = false
        while let scalar = rest.popFirst() {
            result.append(scalar)
            if scalar == "]" { break }
            if scalar == "-", last != nil {
                isRange = true
                continue
            }
            var member = scalar
            if scalar == "\\", let escaped = rest.popFirst() {
                result.append(escaped)
                member = escaped
            }
            let low = isRange ? last ?? member : member
            if low.value <= 0x2F, member.value >= 0x2F { holdsSlash = true }
            last = member
            isRange = false
        }
        if isNegated != holdsSlash {
            differences.append("a class in [ ] no longer matches a slash")
        }
    }
}
