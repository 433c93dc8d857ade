import FoundationEssentials

extension Explanation: CustomStringConvertible {
    /// The explanation in lines for a person: what was asked, each rule, and what is granted.
    package var description: String {
        ([question] + steps.map(\.description) + [answer]).joined(separator: "\n")
    }

    private var question: String {
        let account = request.account.isAnonymous ? "Somebody not signed in" : "Account \(request.account)"
        let actions = request.actions.isEmpty ? "nothing" : Words.list(request.actions)
        var line = "\(account) asks for \(actions) on \(request.type) \(quoted(request.name))"
        if case .known(let tags) = request.tag {
            line += tags.isEmpty ? " without a tag" : " by tag \(Words.list(tags.map { quoted($0) }))"
        }
        if let ip = request.ip { line += " from \(quoted(ip))" }
        if !request.service.isEmpty { line += " for service \(quoted(request.service))" }
        return line + "."
    }

    private var answer: String {
        if !Policy.isDecidable(request) {
            return "Granted: nothing, because a value is longer than \(Policy.valueLengthMax) bytes."
        }
        if case .gaveUp? = steps.last?.outcome {
            return "Granted: nothing, because a rule could not be decided."
        }
        var answer = "Granted: \(decision.granted.isEmpty ? "nothing" : Words.list(decision.granted))"
        if let rule = decision.rule {
            answer += ", by rule \(rule)"
        } else {
            answer += decision.tagRules.isEmpty ? ", because no rule matches" : ""
        }
        if !decision.tagRules.isEmpty {
            let rules = Words.list(decision.tagRules.map { "\($0)" })
            answer += "; for some tags only, by rule \(rules)"
        }
        return answer + "."
    }
}

extension Explanation.Step: CustomStringConvertible {
    package var description: String {
        let comment = comment.map { " (\(quoted($0)))" } ?? ""
        return "Rule \(seq)\(comment) \(outcome)."
    }
}

extension Explanation.Outcome: CustomStringConvertible {
    package var description: String {
        switch self {
        case .notYet(let date): "does not count yet: it starts at \(date.formatted(.iso8601))"
        case .over(let date): "does not count any more: it ended at \(date.formatted(.iso8601))"
        case .mismatch(let mismatch): "does not match: \(mismatch)"
        case .labelMissing(let field, let label):
            "does not match: \(field) needs the label \(quoted(label)), which the account does not have"
        case .dependsOnTag(let pattern, let granted):
            granted.isEmpty
                ? "depends on the tag: for \(quoted(pattern)) it grants nothing"
                : "depends on the tag: for \(quoted(pattern)) it grants \(Words.list(granted))"
        case .gaveUp(let field, let why): "could not be decided: \(field): \(why)"
        case .decides(let granted):
            granted.isEmpty
                ? "matches and grants nothing of this" : "matches and grants \(Words.list(granted))"
        }
    }
}

extension Explanation.Mismatch: CustomStringConvertible {
    package var description: String {
        let value = value.map { quoted($0) } ?? "not known"
        let origin = pattern == written ? "" : ", which is written \(quoted(written))"
        return "\(field) is \(value), not \(quoted(pattern))\(origin)"
    }
}

private enum Words {
    /// `a, b and c`.
    static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) and \(last)"
    }
}
