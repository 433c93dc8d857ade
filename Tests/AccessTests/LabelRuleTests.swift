import Access
import Testing

@Suite struct LabelRuleTests {
    // MARK: The condition on labels

    @Test func allLabelsOfARuleHaveToMatchEachByAnyOfItsValues() throws {
        let match = Rule.Match(labels: ["group": "web*", "tier": "/front|back/"])
        #expect(try holds(match, try request(labels: ["group": ["db", "webdev"], "tier": ["back"]])))
        #expect(try !holds(match, try request(labels: ["group": ["webdev"]])))
        #expect(try !holds(match, try request(labels: ["group": ["webdev"], "tier": ["middle"]])))
        #expect(try !holds(match, try request(labels: ["group": [], "tier": ["back"]])))
        #expect(try !holds(match, try request()))
    }

    @Test func valuesOfTheRequestStandInTheConditionOnLabels() throws {
        let match = Rule.Match(labels: ["owns": "${name}"])
        #expect(try holds(match, try request(labels: ["owns": ["x", "team/app"]])))
        #expect(try !holds(match, try request(labels: ["owns": ["*", "team/*", "**"]])))
    }

    // MARK: ${labels:NAME}

    @Test func aLabelStandsForAnyOfItsValues() throws {
        let match = Rule.Match(name: "${labels:project}/*")
        let labels: Labels = ["project": ["a", "b"]]
        #expect(try holds(match, try request(labels: labels, name: "a/x")))
        #expect(try holds(match, try request(labels: labels, name: "b/x")))
        #expect(try !holds(match, try request(labels: labels, name: "c/x")))
        #expect(try !holds(match, try request(labels: labels, name: "ab/x")))
    }

    @Test func aLabelStandsInEveryField() throws {
        let labels: Labels = ["l": ["alice", "repository", "registry"]]
        #expect(try holds(.init(account: "${labels:l}"), try request(labels: labels)))
        #expect(try holds(.init(type: "${labels:l}"), try request(labels: labels)))
        #expect(try holds(.init(service: "${labels:l}"), try request(labels: labels)))
        #expect(try holds(.init(tag: "${labels:l}"), try request(labels: labels, tag: .known(["alice"]))))
    }

    @Test func withoutAValueNothingMatches() throws {
        for name in ["/x", "x", "", "${labels:project}/x", "/"] {
            #expect(try !holds(.init(name: "${labels:project}/x"), try request(name: name)))
            #expect(try !holds(.init(name: "/${labels:project}.*/"), try request(name: name)))
            #expect(
                try !holds(
                    .init(name: "${labels:project}**"), try request(labels: ["project": []], name: name)))
        }
    }

    @Test func severalLabelsMatchInEveryCombination() throws {
        let labels: Labels = ["a": ["1", "22", "3*"], "b": ["x", "yy"], "c": ["", "z"]]
        let match = Rule.Match(name: "${labels:a}-${labels:b}${labels:c}")
        for a in ["1", "22", "3", "34"] {
            for b in ["x", "yy"] {
                for c in ["", "z"] {
                    #expect(try holds(match, try request(labels: labels, name: "\(a)-\(b)\(c)")))
                }
            }
        }
        #expect(try !holds(match, try request(labels: labels, name: "2-x")))
        #expect(try !holds(match, try request(labels: labels, name: "1-y")))
        #expect(try !holds(match, try request(labels: labels, name: "3/4-x")))
    }

    @Test(arguments: ["${labels:p}/${labels:p}-${labels:q}", "/${labels:p}\\/${labels:p}-${labels:q}/"])
    func aLabelThatStandsTwiceMeansTheSameValueBothTimes(pattern: String) throws {
        let labels: Labels = ["p": ["a", "b"], "q": ["x", "y"]]
        #expect(try holds(.init(name: pattern), try request(labels: labels, name: "a/a-y")))
        #expect(try holds(.init(name: pattern), try request(labels: labels, name: "b/b-x")))
        #expect(try !holds(.init(name: pattern), try request(labels: labels, name: "a/b-x")))
    }

    // MARK: What a value may be

    @Test func aValueIsAGlob() throws {
        let labels: Labels = ["p": ["socke*", "test/*", "deep/**", "v[0-9]"]]
        let match = Rule.Match(name: "${labels:p}")
        for name in ["socke", "socke23", "test/a", "deep/a/b", "v1"] {
            #expect(try holds(match, try request(labels: labels, name: name)))
        }
        for name in ["socke/23", "test/a/b", "va", "sock"] {
            #expect(try !holds(match, try request(labels: labels, name: name)))
        }
    }

    @Test func aLiteralValueIsJustItself() throws {
        let labels: Labels = ["p": [LabelValue("socke*", isLiteral: true)]]
        #expect(try holds(.init(name: "${labels:p}"), try request(labels: labels, name: "socke*")))
        #expect(try !holds(.init(name: "${labels:p}"), try request(labels: labels, name: "socke23")))
    }

    @Test(arguments: [
        "/.*/", "/^.*$/", "/prod/", ".*", "prod|x", "(prod)", "${name}", "${account}", "${labels:p}",
    ])
    func aValueIsNeverARegularExpressionNorReadAgain(value: String) throws {
        let labels: Labels = ["p": [LabelValue(value)]]
        #expect(try !holds(.init(name: "${labels:p}"), try request("prod", labels: labels, name: "prod")))
        #expect(try !holds(.init(name: "/${labels:p}/"), try request("prod", labels: labels, name: "prod")))
        #expect(try !holds(.init(name: "x${labels:p}"), try request("prod", labels: labels, name: "xprod")))
    }

    @Test func inARegularExpressionAValueIsOnlyItsText() throws {
        let labels: Labels = ["p": ["a*", "b.c", "d|e"]]
        let match = Rule.Match(name: "/${labels:p}-[0-9]+/")
        for name in ["a*-1", "b.c-22", "d|e-3"] {
            #expect(try holds(match, try request(labels: labels, name: name)))
        }
        for name in ["a-1", "aa-1", "bxc-1", "d-1", "e-1", "a*-"] {
            #expect(try !holds(match, try request(labels: labels, name: name)))
        }
    }

    @Test(arguments: ["[", "a[", "\\", "x\\", "[]", "[z-a]"])
    func aMalformedValueMatchesNothingAndHarmsNoOther(value: String) throws {
        let labels: Labels = ["p": [LabelValue(value), "good"]]
        #expect(try !holds(.init(name: "${labels:p}"), try request(labels: labels, name: value)))
        #expect(try holds(.init(name: "${labels:p}"), try request(labels: labels, name: "good")))
    }

    // MARK: Hostile labels

    @Test(.timeLimit(.minutes(1)))
    func manyValuesInManyPlacesAreNoProduct() throws {
        let values = (0..<300).map { LabelValue("v\($0)*") }
        let labels: Labels = ["a": values, "b": values, "c": values]
        let policy = try Policy(rules: [
            Rule(seq: 1, match: .init(name: "${labels:a}-${labels:b}-${labels:c}"), actions: ["*"])
        ])
        let right = try request(labels: labels, name: "v299x-v5-v77")
        let wrong = try request(labels: labels, name: "v299x-v5-w77")
        #expect(policy.checked(right).rule == 1)
        #expect(policy.checked(wrong).rule == nil)
    }

    @Test(arguments: ["${labels:a}", "${labels:a}${labels:a}", "/${labels:a}/", "/${labels:a}${labels:a}/"])
    func moreValuesThanTheLimitGrantNothingAtAll(pattern: String) throws {
        let labels: Labels = ["a": (0...10_000).map { LabelValue("value\($0)") }]
        let policy = try Policy(rules: [
            Rule(seq: 1, match: .init(name: pattern), actions: ["pull"]), Rule(seq: 2, actions: ["*"]),
        ])
        let asked = try request(labels: labels, name: "value5")
        #expect(policy.checked(asked) == Decision(granted: [], rule: 1))
        #expect(policy.explain(asked, at: noon).description.contains("could not be decided: name"))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["${labels:a}", "${labels:a}${labels:a}${labels:b}", "${labels:b}${labels:b}${labels:a}"])
    func longGlobsAsValuesCountForWhatTheyCost(pattern: String) throws {
        let glob = LabelValue(String(repeating: "a*", count: 1000) + "b")
        let labels: Labels = [
            "a": Array(repeating: glob, count: 1000), "b": (0..<2000).map { LabelValue("a\($0)") },
        ]
        let policy = try Policy(rules: [Rule(seq: 1, match: .init(name: pattern), actions: ["*"])])
        let asked = try request(labels: labels, name: "a1a1" + String(repeating: "a", count: 200))
        #expect(policy.checked(asked) == Decision(granted: [], rule: 1))
    }

    @Test func aConditionOnALabelIsLimitedToo() throws {
        let labels: Labels = ["a": Array(repeating: "x", count: 10_001)]
        let policy = try Policy(rules: [Rule(seq: 1, match: .init(labels: ["a": "y"]), actions: ["*"])])
        #expect(policy.checked(try request(labels: labels)) == Decision(granted: [], rule: 1))
    }
}
