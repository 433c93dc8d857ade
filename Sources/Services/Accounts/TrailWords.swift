package import Access

// What stores write about a change into the trail: the same words whichever store it is.

extension Account {
    /// What is other than before, in words that hold nothing secret.
    package func changes(since before: Account) -> [String] {
        var changes: [String] = []
        if passwordHash?.storedText != before.passwordHash?.storedText { changes.append("password") }
        if labels != before.labels { changes.append("labels") }
        if expires != before.expires { changes.append("expiry") }
        if notBefore != before.notBefore { changes.append("beginning") }
        if isDisabled != before.isDisabled { changes.append(isDisabled ? "disabled" : "enabled") }
        return changes
    }
}

extension Rule {
    /// What it says, in one line.
    package var words: String {
        let conditions = [
            ("account", match.account), ("type", match.type), ("name", match.name),
            ("service", match.service), ("ip", match.ip), ("tag", match.tag),
        ]
        let said = conditions.compactMap { name, value in value.map { "\(name)=\($0)" } }
        let labels = match.labels.isEmpty ? [] : ["with labels"]
        return (said + labels + ["actions=\(actions.joined(separator: ","))"]).joined(separator: " ")
    }
}
