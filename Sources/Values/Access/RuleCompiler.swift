/// Turns rules as they are written into rules that can be asked, or says what is wrong with them.
struct RuleCompiler {
    let style: PolicyStyle

    private static let labelsMax = 32
    private static let actionsMax = 64
    /// Most placeholders in one pattern.
    private static let placeholdersMax = 16

    func compile(_ rule: Rule) throws(AccessError) -> CompiledRule {
        if let first = rule.notBefore, let last = rule.notAfter, first > last {
            throw AccessError(
                "rule \(rule.seq), notBefore: it is after notAfter, so the rule never counts; exchange them")
        }
        try checkActions(of: rule)
        let patterns = try fieldPatterns(of: rule)
        let tag = try rule.match.tag.map { (text) throws(AccessError) in
            try pattern(text, "tag", of: rule)
        }
        try checkCaptures(of: rule, in: patterns, tag: tag)

        var conditions = Self.ordered(patterns, tag: tag)
        if let ip = rule.match.ip {
            let range = try naming("ip", of: rule) { () throws(AccessError) in try IPRange(ip) }
            conditions.insert(.address(range), at: 0)
        }
        conditions += try labelConditions(of: rule)
        return CompiledRule(
            rule: rule, conditions: conditions, tag: tag, grantsEverything: rule.actions == ["*"])
    }

    private func checkActions(of rule: Rule) throws(AccessError) {
        guard rule.actions.count <= Self.actionsMax else {
            throw AccessError("rule \(rule.seq), actions: there are more than \(Self.actionsMax)")
        }
        for action in rule.actions {
            guard ScopeGrammar.isAction(action[...].utf8) else {
                throw AccessError(
                    """
                    rule \(rule.seq), actions: \(quoted(action)) is no action; one is made of the letters \
                    a to z, as in pull, push and delete, or is *
                    """)
            }
        }
        if rule.actions.count > 1, rule.actions.contains("*"), !style.isLenient {
            throw AccessError(
                """
                rule \(rule.seq), actions: * grants everything only when it stands alone; write ["*"], or \
                leave it out
                """)
        }
    }

    private func fieldPatterns(of rule: Rule) throws(AccessError) -> [(field: Field, pattern: FieldPattern)] {
        let written: [(Field, String?)] = [
            (.type, rule.match.type), (.account, rule.match.account), (.name, rule.match.name),
            (.service, rule.match.service),
        ]
        var patterns: [(Field, FieldPattern)] = []
        for case (let field, let text?) in written {
            patterns.append((field, try pattern(text, field.rawValue, of: rule)))
        }
        return patterns
    }

    private func labelConditions(of rule: Rule) throws(AccessError) -> [CompiledRule.Condition] {
        guard rule.match.labels.count <= Self.labelsMax else {
            throw AccessError("rule \(rule.seq), labels: there are more than \(Self.labelsMax)")
        }
        var conditions: [CompiledRule.Condition] = []
        for (name, text) in rule.match.labels.sorted(by: { $0.key < $1.key }) {
            let compiled = try pattern(text, "labels.\(name)", of: rule)
            for placeholder in compiled.placeholders {
                guard case .field = placeholder else {
                    throw AccessError(
                        """
                        rule \(rule.seq), labels.\(name): only ${account}, ${type}, ${name} and ${service} \
                        can stand in the pattern for a label
                        """)
                }
            }
            conditions.append(.label(name, compiled))
        }
        return conditions
    }

    private func pattern(_ text: String, _ field: String, of rule: Rule) throws(AccessError) -> FieldPattern {
        let compiled = try naming(field, of: rule) { () throws(AccessError) in
            try FieldPattern(text, style: style)
        }
        guard compiled.placeholders.count <= Self.placeholdersMax else {
            throw AccessError(
                "rule \(rule.seq), \(field): more than \(Self.placeholdersMax) ${…} stand in one pattern")
        }
        return compiled
    }

    private func naming<Value>(
        _ field: String, of rule: Rule, _ make: () throws(AccessError) -> Value
    ) throws(AccessError) -> Value {
        do {
            return try make()
        } catch {
            throw AccessError("rule \(rule.seq), \(field): \(error.description)")
        }
    }

    /// A group can be used when the field it belongs to is a regular expression that uses none itself: then
    /// there is always an order to ask in.
    private func checkCaptures(
        of rule: Rule, in patterns: [(field: Field, pattern: FieldPattern)], tag: FieldPattern?
    ) throws(AccessError) {
        let users = patterns.map { ($0.field.rawValue, $0.pattern) } + (tag.map { [("tag", $0)] } ?? [])
        for (user, pattern) in users {
            for case .capture(let field, let group) in pattern.placeholders {
                let source = patterns.first { $0.field == field }?.pattern
                guard user != field.rawValue, let source, let groupCount = source.groupCount else {
                    throw AccessError(
                        """
                        rule \(rule.seq), \(user): ${\(field.rawValue):\(group)} needs a /regex/ in \
                        \(field.rawValue) of the same rule
                        """)
                }
                guard group <= groupCount else {
                    throw AccessError(
                        """
                        rule \(rule.seq), \(user): ${\(field.rawValue):\(group)} is too high, the regular \
                        expression in \(field.rawValue) has \(groupCount) groups
                        """)
                }
                guard !source.usesCaptures else {
                    throw AccessError(
                        """
                        rule \(rule.seq), \(user): ${\(field.rawValue):\(group)} belongs to a regular \
                        expression that itself uses a group of another; write it without
                        """)
                }
            }
        }
    }

    /// The conditions on fields: first those that use no groups, of which others may need theirs.
    private static func ordered(
        _ patterns: [(field: Field, pattern: FieldPattern)], tag: FieldPattern?
    ) -> [CompiledRule.Condition] {
        var wanted: Set<Field> = []
        for pattern in patterns.map(\.pattern) + (tag.map { [$0] } ?? []) {
            for case .capture(let field, _) in pattern.placeholders { wanted.insert(field) }
        }
        let plain = patterns.filter { !$0.pattern.usesCaptures }
        let dependent = patterns.filter { $0.pattern.usesCaptures }
        return (plain + dependent).map { field, pattern in
            .field(field, pattern, keepsGroups: wanted.contains(field))
        }
    }
}

extension FieldPattern {
    fileprivate var usesCaptures: Bool {
        placeholders.contains { placeholder in
            if case .capture = placeholder { true } else { false }
        }
    }
}
