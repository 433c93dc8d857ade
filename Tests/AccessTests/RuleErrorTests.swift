import Access
import FoundationEssentials
import Testing

@Suite struct RuleErrorTests {
    @Test(arguments: [
        (Rule.Match(name: "${acount}/*"), "rule 40, name: ", "${account}"),
        (Rule.Match(name: "${labels:}"), "rule 40, name: ", "${labels:NAME}"),
        (Rule.Match(name: "${}"), "rule 40, name: ", "is not known"),
        (Rule.Match(name: "${account"), "rule 40, name: ", "is not closed"),
        (Rule.Match(account: "[a"), "rule 40, account: ", "not closed by ]"),
        (Rule.Match(type: "a\\"), "rule 40, type: ", "ends in a \\"),
        (Rule.Match(service: "[]"), "rule 40, service: ", "needs a \\"),
        (Rule.Match(tag: "[z-a]"), "rule 40, tag: ", "backwards"),
        (Rule.Match(name: "/(/"), "rule 40, name: ", "at byte"),
        (Rule.Match(ip: "10.0.0.0/40"), "rule 40, ip: ", "0 to 32"),
        (Rule.Match(labels: ["group": "[a"]), "rule 40, labels.group: ", "not closed"),
        (Rule.Match(labels: ["group": "${labels:x}"]), "rule 40, labels.group: ", "only ${account}"),
        (Rule.Match(name: String(repeating: "a", count: 4097)), "rule 40, name: ", "longer than 4096"),
        (Rule.Match(name: String(repeating: "${account}", count: 17)), "rule 40, name: ", "more than 16"),
        (
            Rule.Match(labels: Dictionary(uniqueKeysWithValues: (0..<33).map { ("l\($0)", "*") })),
            "rule 40, labels: ", "more than 32"
        ),
    ])
    func anErrorNamesTheRuleTheFieldAndTheCure(match: Rule.Match, place: String, cure: String) throws {
        let good = Rule(seq: 10, actions: ["*"])
        let words = try #require(refusal([good, Rule(seq: 40, match: match, actions: ["pull"])]))
        #expect(words.hasPrefix(place))
        #expect(words.contains(cure))
        #expect(refusal([good, Rule(seq: 40, match: match, actions: ["pull"])], style: .dockerAuth) != nil)
    }

    @Test func twoRulesInOnePlaceAreRefused() throws {
        let rules = [Rule(seq: 7, actions: []), Rule(seq: 1, actions: []), Rule(seq: 7, actions: ["*"])]
        #expect(try #require(refusal(rules)).hasPrefix("rule 7, seq: "))
    }

    @Test(arguments: ["Pull", "pull push", "", "pu*", "**", "pull\n", "push,pull", "ä", "a-b"])
    func anActionOfOtherCharactersIsRefused(action: String) throws {
        let words = try #require(refusal([Rule(seq: 2, actions: ["pull", action])]))
        #expect(words.hasPrefix("rule 2, actions: "))
    }

    @Test func aStarBesideOtherActionsIsRefused() throws {
        for actions in [["*", "pull"], ["pull", "*"], ["*", "*"]] {
            #expect(try #require(refusal([Rule(seq: 2, actions: actions)])).contains("stands alone"))
        }
    }

    @Test func datesTheWrongWayRoundAreRefused() throws {
        let rule = Rule(seq: 9, actions: [], notBefore: noon, notAfter: noon.addingTimeInterval(-1))
        #expect(try #require(refusal([rule])).hasPrefix("rule 9, notBefore: "))
        #expect(refusal([Rule(seq: 9, actions: [], notBefore: noon, notAfter: noon)]) == nil)
    }

    @Test func tooManyRulesAreRefused() throws {
        let rules = (0...Policy.ruleCountMax).map { Rule(seq: $0, actions: []) }
        #expect(try #require(refusal(rules)).contains("\(Policy.ruleCountMax)"))
    }
}

@Suite struct RuleHazardTests {
    private func hazards(_ rules: [Rule], _ style: PolicyStyle = .homeport) throws -> [String] {
        try Policy(rules: rules, style: style).hazards.map(\.description)
    }

    @Test func anEmptyMatchThatGrantsIsPointedOut() throws {
        let found = try hazards([Rule(seq: 5, actions: ["pull"])])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("rule 5, match: ") == true)
        #expect(try hazards([Rule(seq: 5, actions: [])]).isEmpty)
    }

    @Test func rulesBehindOneThatMatchesEverythingArePointedOut() throws {
        let found = try hazards([
            Rule(seq: 5, actions: []), Rule(seq: 6, match: .init(account: "alice"), actions: ["pull"]),
        ])
        #expect(found == ["rule 6, seq: it is never asked, because rule 5 before it matches everything"])
    }

    @Test func anAccountStarIsPointedOutBecauseNobodyMatchesItToo() throws {
        #expect(try holds(.init(account: "*"), try request("")))
        #expect(try hazards([Rule(seq: 5, match: .init(account: "*"), actions: ["pull"])]).count == 1)
    }

    @Test func theMachineItselfIsPointedOutBecauseOfProxies() throws {
        for range in ["127.0.0.0/8", "::1", "0.0.0.0/0"] {
            let found = try hazards([Rule(seq: 5, match: .init(ip: range), actions: ["*"])])
            #expect(found.first?.hasPrefix("rule 5, ip: ") == true)
        }
        #expect(try hazards([Rule(seq: 5, match: .init(ip: "10.0.0.0/8"), actions: ["*"])]).isEmpty)
    }

    @Test func whatDockerAuthAllowsIsPointedOut() throws {
        func fields(_ match: Rule.Match, _ actions: [String], _ style: PolicyStyle) throws -> [String] {
            try Policy(rules: [Rule(seq: 1, match: match, actions: actions)], style: style).hazards.map(
                \.field)
        }
        #expect(try fields(.init(account: "/trainee|dev/"), [], .dockerAuth) == ["account"])
        #expect(try fields(.init(account: "/^a|b$/"), [], .dockerAuth) == ["account"])
        #expect(try fields(.init(account: "/^dev\\$/"), [], .dockerAuth) == ["account"])
        #expect(try fields(.init(account: "/^(trainee|dev)$/"), [], .dockerAuth) == [])
        #expect(try fields(.init(account: "/trainee|dev/"), [], .homeport) == [])
        #expect(try fields(.init(account: "x"), ["*"], .dockerAuth) == ["actions"])
        #expect(try fields(.init(name: "${labels:x}"), [], .dockerAuth) == [])
        #expect(try fields(.init(name: "${labels:x}"), [], .dockerAuthInterpretingValues) == ["name"])
    }
}
