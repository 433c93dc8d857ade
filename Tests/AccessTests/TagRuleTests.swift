import Access
import Testing

@Suite struct TagRuleTests {
    private func policy() throws -> Policy {
        try Policy(rules: [
            Rule(seq: 10, match: .init(name: "team/*", tag: "v*"), actions: ["push"]),
            Rule(seq: 20, match: .init(name: "team/*", tag: "secret"), actions: []),
            Rule(seq: 30, match: .init(name: "team/*"), actions: ["pull"]),
            Rule(seq: 40, actions: ["*"]),
        ])
    }

    @Test func aRuleWithATagHoldsForManifestsByThatTag() throws {
        let policy = try policy()
        #expect(
            policy.checked(try request(tag: .known(["v1.2"]))) == Decision(granted: ["push"], rule: 10))
        #expect(policy.checked(try request(tag: .known(["secret"]))) == Decision(granted: [], rule: 20))
        #expect(
            policy.checked(try request(tag: .known(["latest"]))) == Decision(granted: ["pull"], rule: 30))
    }

    @Test func oneOfSeveralTagsIsEnough() throws {
        #expect(try policy().checked(try request(tag: .known(["latest", "v1"]))).rule == 10)
    }

    @Test func aManifestWithoutATagMatchesNoTag() throws {
        #expect(try policy().checked(try request(tag: .known([]))) == Decision(granted: ["pull"], rule: 30))
        let any = try Policy(rules: [Rule(seq: 1, match: .init(tag: "**"), actions: ["*"])])
        #expect(any.checked(try request(tag: .known([]))).rule == nil)
    }

    @Test func whileTheTagIsUnknownWhatItMayGrantIsAdded() throws {
        #expect(
            try policy().checked(try request(tag: .unknown))
                == Decision(granted: ["pull", "push"], rule: 30, tagRules: [10]))
    }

    @Test func onlyRulesWhoseOtherConditionsHoldAreAdded() throws {
        #expect(
            try policy().checked(try request(name: "other", actions: ["push", "delete"]))
                == Decision(granted: ["push", "delete"], rule: 40))
    }

    @Test func aTagRuleThatAddsNothingIsNotNamed() throws {
        let policy = try Policy(rules: [
            Rule(seq: 1, match: .init(tag: "v*"), actions: ["pull"]), Rule(seq: 2, actions: ["pull"]),
            Rule(seq: 3, match: .init(tag: "x"), actions: ["push"]),
        ])
        #expect(policy.checked(try request()) == Decision(granted: ["pull"], rule: 2))
    }

    @Test func withoutADecidingRuleTheTagRulesStillMayGrant() throws {
        let policy = try Policy(rules: [Rule(seq: 1, match: .init(tag: "v*"), actions: ["*"])])
        #expect(
            policy.checked(try request()) == Decision(granted: ["pull", "push"], rule: nil, tagRules: [1]))
    }

    @Test func tagPatternsAreLikeAnyOther() throws {
        let tagged = TagContext.known(["v1.2.3"])
        #expect(try holds(.init(tag: "/v\\d+\\.\\d+\\.\\d+/"), try request(tag: tagged)))
        #expect(try !holds(.init(tag: "/v\\d+/"), try request(tag: tagged)))
        #expect(try holds(.init(tag: "${account}-*"), try request(tag: .known(["alice-1"]))))
        #expect(try holds(.init(tag: "${labels:t}"), try request(labels: ["t": ["v*"]], tag: tagged)))
    }

    @Test func aTagThatCannotBeDecidedGrantsNothing() throws {
        let policy = try Policy(rules: [
            Rule(seq: 1, match: .init(tag: "/(a|aa)+/"), actions: []), Rule(seq: 2, actions: ["*"]),
        ])
        let hostile = try request(tag: .known([String(repeating: "a", count: 127) + "!"]))
        #expect(policy.checked(hostile) == Decision(granted: [], rule: 1))
        #expect(policy.explain(hostile, at: noon).description.contains("could not be decided: tag"))
    }
}
