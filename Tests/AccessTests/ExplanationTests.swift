import Access
import FoundationEssentials
import Testing

@Suite struct ExplanationTests {
    private func lines(_ rules: [Rule], _ request: AccessRequest) throws -> [String] {
        let policy = try Policy(rules: rules)
        let explanation = policy.explain(request, at: noon)
        #expect(explanation.decision == policy.decide(request, at: noon))
        return explanation.description.split(separator: "\n").map(String.init)
    }

    @Test func itSaysWhyEachRuleBeforeTheDecidingOneDidNotMatch() throws {
        let rules = [
            Rule(seq: 10, match: .init(name: "${labels:full-access}"), actions: ["*"]),
            Rule(seq: 20, match: .init(name: "${labels:read-only-access}"), actions: ["pull"]),
            Rule(seq: 25, match: .init(name: "${account}/*"), actions: ["*"], comment: "own things"),
            Rule(seq: 30, match: .init(ip: "10.0.0.0/8"), actions: ["*"]),
            Rule(seq: 40, match: .init(account: "/wal.*/"), actions: ["pull"], comment: "the rest"),
            Rule(seq: 50, actions: ["*"]),
        ]
        let asked = try request(
            "waldi", labels: ["full-access": ["test", "socke*"]], ip: "192.0.2.7", service: "", name: "prod")
        #expect(
            try lines(rules, asked) == [
                "Account waldi asks for pull and push on repository \"prod\" from \"192.0.2.7\".",
                "Rule 10 does not match: name is \"prod\", not \"{test,socke*}\", "
                    + "which is written \"${labels:full-access}\".",
                "Rule 20 does not match: name needs the label \"read-only-access\", "
                    + "which the account does not have.",
                "Rule 25 (\"own things\") does not match: name is \"prod\", not \"waldi/*\", "
                    + "which is written \"${account}/*\".",
                "Rule 30 does not match: ip is \"192.0.2.7\", not \"10.0.0.0/8\".",
                "Rule 40 (\"the rest\") matches and grants pull.",
                "Granted: pull, by rule 40.",
            ])
    }

    @Test func itSaysWhenNothingMatches() throws {
        let rules = [Rule(seq: 1, match: .init(labels: ["group": "web*"]), actions: ["*"])]
        #expect(
            try lines(rules, try request("", service: "s", type: "registry", name: "catalog", actions: []))
                == [
                    "Somebody not signed in asks for nothing on registry \"catalog\" for service \"s\".",
                    "Rule 1 does not match: labels.group needs the label \"group\", "
                        + "which the account does not have.",
                    "Granted: nothing, because no rule matches.",
                ])
        #expect(
            try lines(rules, try request(labels: ["group": ["a", "b"]])).dropFirst().first
                == "Rule 1 does not match: labels.group is \"{a,b}\", not \"web*\".")
    }

    @Test func itSaysWhenARuleRefuses() throws {
        let text = try lines([Rule(seq: 3, actions: [])], try request())
        #expect(
            text.suffix(2) == ["Rule 3 matches and grants nothing of this.", "Granted: nothing, by rule 3."])
    }

    @Test func itNamesDates() throws {
        let rules = [
            Rule(seq: 1, actions: ["*"], notBefore: noon.addingTimeInterval(1)),
            Rule(seq: 2, actions: ["*"], notAfter: noon.addingTimeInterval(-1)),
        ]
        #expect(
            try lines(rules, try request())[1...2] == [
                "Rule 1 does not count yet: it starts at 2027-01-15T08:00:01Z.",
                "Rule 2 does not count any more: it ended at 2027-01-15T07:59:59Z.",
            ])
    }

    @Test func itTellsOfRulesThatDependOnTheTag() throws {
        let rules = [
            Rule(seq: 1, match: .init(tag: "${account}-*"), actions: ["push"]),
            Rule(seq: 2, actions: ["pull"]),
        ]
        #expect(
            try lines(rules, try request()).dropFirst() == [
                "Rule 1 depends on the tag: for \"alice-*\" it grants push.",
                "Rule 2 matches and grants pull.",
                "Granted: pull and push, by rule 2; for some tags only, by rule 1.",
            ])
        let tagged = try lines(rules, try request(tag: .known(["latest", "v1"])))
        #expect(tagged.first?.contains(" by tag \"latest\" and \"v1\"") == true)
        #expect(
            tagged[1]
                == "Rule 1 does not match: tag is \"{latest,v1}\", not \"alice-*\", "
                + "which is written \"${account}-*\".")
        let untagged = try lines(rules, try request(tag: .known([])))
        #expect(untagged[1].contains("tag is not known"))
    }

    @Test func itShowsWhatAGroupHasMatched() throws {
        let rules = [
            Rule(seq: 1, match: .init(account: "/(a)lice/", name: "${account:1}/*"), actions: ["*"])
        ]
        #expect(
            try lines(rules, try request())[1]
                == "Rule 1 does not match: name is \"team/app\", not \"a/*\", "
                + "which is written \"${account:1}/*\".")
    }

    @Test func whatAClientSendsCannotPlayTricksOnATerminal() throws {
        let rules = [Rule(seq: 1, match: .init(name: "x"), actions: [])]
        let asked = try request(ip: "\u{1B}[2J", service: "a\nRule 1 matches", name: "\u{202E}x\u{7}")
        let text = try Policy(rules: rules).explain(asked, at: noon).description
        #expect(text.split(separator: "\n").count == 3)
        let harmless = text.unicodeScalars.allSatisfy { ($0.value >= 0x20 || $0 == "\n") && $0 != "\u{202E}" }
        #expect(harmless)
    }
}
