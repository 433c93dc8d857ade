import Access
import Testing

/// Rules of docker_auth in Homeport's own notation grant the same.
@Suite struct DockerAuthTranslationTests {
    private static let patterns = [
        "*", "**", "a*", "a/**", "***b", "?", "a?b", "[a-c]", "[!a]", "[^x-z]b", #"a\*b"#, "", "/a/", "/^a$/",
        "/a|b/",
        "/^(a|b)/", "/.+/", "/.*/", "/b$/", "${account}", "${account}/*", "x${name}y", "/^${account}/",
        "/${type}/",
        "${labels:l}", "${labels:l}/*", #"\[a]"#, "/(?i)A/", #"/\$/"#, "[a-c]*[^!]",
    ]

    /// Everything but slashes in classes, which is said.
    @Test func whatIsTranslatedDecidesAsBefore() throws {
        var dice = Dice(seed: 7)
        var granted = 0
        for _ in 0..<1500 {
            let rule = Rule(
                seq: 1,
                match: Rule.Match(
                    account: dice.pick([nil] + Self.patterns.map { $0 }),
                    name: dice.pick([nil] + Self.patterns.map { $0 }),
                    labels: dice.roll(4) == 0
                        ? ["l": dice.pick(Self.patterns.filter { !$0.contains("labels") })] : [:]),
                actions: dice.pick([["*"], ["pull"], ["pull", "push"], ["*", "pull"]]))
            guard let before = try? Policy(rules: [rule], style: .dockerAuth) else { continue }
            let translated = DockerAuthTranslation(of: rule)
            let after = try Policy(rules: [translated.rule])
            for _ in 0..<10 {
                let asked = try request(
                    dice.text(of: "abxA", atMost: 4),
                    labels: dice.roll(2) == 0 ? [:] : ["l": [LabelValue(dice.text(of: "ab*/", atMost: 3))]],
                    name: dice.text(of: "ab/x!$", atMost: 5))
                let isSaid = translated.differences.contains { $0.text.contains("slash") }
                if isSaid, (asked.name + asked.labels.values.joined().map(\.text).joined()).contains("/") {
                    continue
                }
                var askedAnew = asked
                askedAnew.labels = DockerAuthTranslation.labels(of: asked.labels)
                // A value that is written anew is another one to a condition on labels, which is said too.
                if !rule.match.labels.isEmpty, askedAnew.labels != asked.labels { continue }
                let (left, right) = (before.checked(asked), after.checked(askedAnew))
                #expect(
                    left.granted == right.granted,
                    "\(rule.match) became \(translated.rule.match) for \(asked)")
                granted += right.granted.count
            }
        }
        #expect(granted > 400, "most rules match something")
    }

    @Test(arguments: [
        ("team/**", "team/*"), ("[!a]b", #"[\!a]b"#), ("/^a$/", "/^a$/"), ("/.+/", "/.+/"),
        ("/dev|trainee/", "/(?s:.*?)(?:dev|trainee)(?s:.*)/"), (#"a\**"#, #"a\**"#),
        ("${labels:a}/**", "${labels:a}/*"),
    ])
    func patternsAreWrittenAnew(_ before: String, _ after: String) {
        #expect(
            DockerAuthTranslation(of: Rule(seq: 1, match: .init(name: before), actions: [])).rule.match.name
                == after)
    }

    @Test func whatMeansSomethingElseIsSaid() {
        let match = Rule.Match(account: "/(dev)/", name: "${labels:a}/${account:1}[^a]")
        let translated = DockerAuthTranslation(of: Rule(seq: 1, match: match, actions: ["*", "pull"]))
        let said = translated.differences.map { "\($0.field): \($0.text)" }.joined(separator: "\n")
        for words in [
            "account: it goes on matching anywhere", "name: a value of the label a is a text or a glob",
            "name: what a group has matched is a text", "name: a class in [ ] no longer matches a slash",
            "actions: * beside other actions",
        ] { #expect(said.contains(words), "\(said)") }
        #expect(translated.rule.actions == ["pull"])
    }
}
