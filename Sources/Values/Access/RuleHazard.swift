/// Something in a rule that is allowed and rarely meant.
package struct RuleHazard: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// It is never asked.
        case unreachable
        /// It has no conditions.
        case emptyMatch
        /// It means everybody who signs in, and also matches those who do not.
        case matchesAnonymous
        /// It grants actions that nobody has thought of.
        case anyAction
        /// It is about addresses of this machine.
        case loopback
        /// Its regular expression matches anywhere in a value.
        case unanchored
        /// A value that is put into its pattern can become a pattern.
        case interpretedValue
    }

    package let kind: Kind
    package let seq: Int
    /// The field it is about.
    package let field: String
    /// What happens, and what to write instead.
    package let text: String

    package var description: String { "rule \(seq), \(field): \(text)" }
}

extension Policy {
    /// What whoever wrote the rules ought to look at, in order of `seq`. None of it keeps the rules from
    /// counting.
    package var hazards: [RuleHazard] {
        var hazards: [RuleHazard] = []
        var catchAll: Int?
        for rule in rules {
            if let catchAll {
                hazards.append(
                    RuleHazard(
                        kind: .unreachable, seq: rule.rule.seq, field: "seq",
                        text: "it is never asked, because rule \(catchAll) before it matches everything"))
            } else if rule.isCatchAll {
                catchAll = rule.rule.seq
            }
            hazards += rule.hazards(style)
        }
        return hazards
    }
}

extension CompiledRule {
    fileprivate var isCatchAll: Bool {
        conditions.isEmpty && tag == nil && rule.notBefore == nil && rule.notAfter == nil
    }

    fileprivate func hazards(_ style: PolicyStyle) -> [RuleHazard] {
        var hazards: [RuleHazard] = []
        func warn(_ kind: RuleHazard.Kind, _ field: String, _ text: String) {
            hazards.append(RuleHazard(kind: kind, seq: rule.seq, field: field, text: text))
        }
        if conditions.isEmpty, tag == nil, !rule.actions.isEmpty {
            warn(
                .emptyMatch, "match",
                "it is empty, so the rule grants to everybody, also to those who are not signed in")
        }
        if rule.match.account == "*", !rule.actions.isEmpty {
            warn(
                .matchesAnonymous, "account",
                "* also matches those who are not signed in; ?* matches everybody who is")
        }
        if grantsEverything, style.isLenient {
            warn(
                .anyAction, "actions",
                "* grants whatever is asked, delete and actions that do not exist included")
        }
        for condition in conditions {
            switch condition {
            case .address(let range):
                if range.containsLoopback, rule.match.account == nil, !rule.actions.isEmpty {
                    warn(
                        .loopback, "ip",
                        "behind a proxy on this machine everybody comes from here, unless it is trusted")
                }
            case .field(let field, let pattern, _):
                pattern.hazards(style).forEach { warn($0, field.rawValue, $1) }
            case .label(let name, let pattern):
                pattern.hazards(style).forEach { warn($0, "labels.\(name)", $1) }
            }
        }
        tag?.hazards(style).forEach { warn($0, "tag", $1) }
        return hazards
    }
}

extension FieldPattern {
    fileprivate func hazards(_ style: PolicyStyle) -> [(RuleHazard.Kind, String)] {
        switch self {
        case .glob: return []
        case .regex(let regex):
            return regex.isAnchored || regex.outline.isAnchoredByItself ? [] : [Self.unanchored]
        case .interpreted(let pattern):
            let widened: [(RuleHazard.Kind, String)] =
                pattern.canBeWidened
                ? [
                    (
                        .interpretedValue,
                        "a value is put in as it is and can become a pattern that matches everything"
                    )
                ] : []
            return widened + (pattern.isUnanchored ? [Self.unanchored] : [])
        }
    }

    private static let unanchored = (
        RuleHazard.Kind.unanchored,
        "the regular expression matches anywhere in the value; begin it with ^ and end it with $"
    )
}

extension IPRange {
    fileprivate var containsLoopback: Bool {
        ["127.0.0.1", "::1"].compactMap { IPAddress($0) }.contains { contains($0) }
    }
}
