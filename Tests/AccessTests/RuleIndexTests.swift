import Access
import Testing

/// Whatever the index leaves out must not have been able to match: random rules are asked with it and
/// without.
@Suite struct RuleIndexTests {
    private let accounts = ["", "a", "ab", "ba", "/a/", "/"]
    private let labelValues = ["a", "b", "ab", "*", "a*", "a/**", "[ab]", "", "?", "/.*/", "/"]

    private func requests(_ dice: inout Dice, count: Int) throws -> [AccessRequest] {
        try (0..<count).map { _ in
            var labels: Labels = [:]
            for name in ["l", "m"] where dice.roll(3) > 0 {
                labels[name] = (0..<dice.roll(3)).map { _ in
                    LabelValue(dice.pick(labelValues), isLiteral: dice.roll(4) == 0)
                }
            }
            return try request(
                dice.pick(accounts), labels: labels,
                ip: dice.pick([nil, "10.0.0.1", "10.9.0.1", "2001:db8::1"]),
                service: dice.pick(["", "s", "t"]), type: dice.pick(["repository", "registry"]),
                name: dice.text(of: "aab/ä", atMost: 6))
        }
    }

    /// Holds every rule against every request with the index, alone and among the others.
    private func check(_ patterns: [String], style: PolicyStyle, seed: UInt64) throws {
        var dice = Dice(seed: seed)
        var rules: [Rule] = []
        for pattern in patterns {
            var match = Rule.Match(name: pattern)
            if dice.roll(4) == 0 { match.account = dice.pick(["a", "", "${labels:l}", "a*"]) }
            if dice.roll(6) == 0 { match.type = "repository" }
            if dice.roll(6) == 0 { match.service = dice.pick(["s", "", "?"]) }
            if dice.roll(6) == 0 {
                match.ip = dice.pick(["10.0.0.0/16", "0.0.0.0/0", "::/0", "2001:db8::1"])
            }
            if dice.roll(6) == 0 { match.labels = ["l": "a*"] }
            let rule = Rule(seq: rules.count, match: match, actions: ["*"])
            if refusal([rule], style: style) == nil { rules.append(rule) }
        }
        #expect(rules.count > patterns.count / 2)
        let asked = try requests(&dice, count: 40)
        let alone = try rules.map { try Policy(rules: [$0], style: style) }
        let together = try Policy(rules: rules, style: style)
        var matches = 0
        for request in asked {
            matches += together.checked(request).rule == nil ? 0 : 1
            let firstAlone = alone.lazy.map { $0.checked(request).rule }.first { $0 != nil } ?? nil
            #expect(together.decide(request, at: noon).rule == firstAlone)
        }
        #expect(matches > 10)
    }

    private let globParts = [
        "a", "b", "/", "aab", "ab/", "*", "**", "?", "[ab]", "ä", "${account}", "${labels:l}", "${labels:m}",
    ]

    @Test(arguments: [PolicyStyle.homeport, .dockerAuth, .dockerAuthInterpretingValues])
    func theIndexLeavesOutNoGlobThatMatches(style: PolicyStyle) throws {
        var dice = Dice(seed: 7)
        let patterns = (0..<120).map { _ in
            (0...dice.roll(5)).map { _ in dice.pick(globParts) }.joined()
        }
        try check(patterns, style: style, seed: 8)
    }

    private let regexParts = [
        "a", "b", "\\/", "aab", "ab\\/", "ä", ".", ".*", "[ab]", "[^a]", "(a|b)", "(?:ab)", "|", "?", "*",
        "+",
        "{0,2}", "{1}", "\\x61", "\\w", "^", "$", "(?i:A)", "(?=a)", "(?!b)", "(?i)", "${account}",
        "${labels:l}",
        "\\.", "(", ")", "aaaa", "[]a]", "[[:alpha:]]",
    ]

    @Test(arguments: [PolicyStyle.homeport, .dockerAuth])
    func theIndexLeavesOutNoRegularExpressionThatMatches(style: PolicyStyle) throws {
        var dice = Dice(seed: 11)
        var patterns: [String] = []
        while patterns.count < 160 {
            let pattern = "/" + (0...dice.roll(6)).map { _ in dice.pick(regexParts) }.joined() + "/"
            let rule = Rule(seq: 1, match: .init(name: pattern), actions: [])
            if refusal([rule], style: style) == nil { patterns.append(pattern) }
        }
        try check(patterns, style: style, seed: 12)
    }

    @Test func amongThousandsOfRulesTheRightOneIsFound() throws {
        var rules: [Rule] = []
        for number in 0..<1000 {
            let patterns = [
                "team\(number)/*", "/^group\(number)\\/.*$/", "*/app-\(number)", "${labels:l}/p\(number)/**",
                "/.*-end\(number)/", "**x\(number)x**",
            ]
            for pattern in patterns {
                rules.append(Rule(seq: rules.count, match: .init(name: pattern), actions: ["pull"]))
            }
        }
        rules.append(Rule(seq: rules.count, match: .init(account: "alice", name: "**"), actions: []))
        let policy = try Policy(rules: rules)
        let labels: Labels = ["l": ["own", "o*"]]
        let cases = [
            ("team77/x", 77 * 6), ("group5/x", 5 * 6 + 1), ("q/app-999", 999 * 6 + 2),
            ("own/p12/a/b", 12 * 6 + 3),
            ("ooo/p12/a", 12 * 6 + 3), ("some-end400", 400 * 6 + 4), ("a/x3x/b", 3 * 6 + 5), ("other", 6000),
        ]
        for (name, seq) in cases {
            #expect(policy.checked(try request(labels: labels, name: name)).rule == seq, "\(name)")
        }
        #expect(policy.checked(try request("bob", name: "other")).rule == nil)
    }
}
