import Access
import Testing

@Suite struct RegexRuleTests {
    @Test func aRegularExpressionMatchesTheWholeValue() throws {
        #expect(try !holds(.init(account: "/ob/"), try request("bob")))
        #expect(try !holds(.init(account: "/trainee|dev/"), try request("devops")))
        #expect(try holds(.init(account: "/trainee|dev/"), try request("dev")))
        #expect(try holds(.init(account: "/^(trainee|dev)$/"), try request("dev")))
    }

    @Test(arguments: [
        ("/team\\/.*/", "team/app"), ("/[a-z]+\\/app/", "team/app"), ("/(?<x>t)eam\\/app/", "team/app"),
        ("/t.am\\/a{1,2}p{2}/", "team/app"), ("/team(?=\\/)\\/app/", "team/app"),
        ("/\\x74eam\\/app/", "team/app"),
        ("/(?i)TEAM\\/app/", "team/app"), ("/te*am\\/appx?/", "team/app"), ("/\\Qteam/app\\E/", "team/app"),
        ("/a|team\\/app/", "team/app"), ("/[[:alpha:]]+\\/app/", "team/app"),
        ("/te{1}am{0}m\\/app/", "team/app"),
        ("/(a|b)?team\\/app/", "team/app"), ("/[]t]eam\\/app/", "team/app"), ("/[^]x]eam\\/app/", "team/app"),
        ("/(te)am\\/app(?#comment)/", "team/app"), ("/.(..).\\/app\\1?/", "team/app"), ("/ä+/", "ää"),
        ("/ä?x/", "x"), ("/ab?/", "a"), ("/ab*+/", "a"), ("/ab{0,3}c/", "ac"), ("/a(bcd)*/", "a"),
        ("/a{x}/", "a{x}"), ("/a{,3}/", "a{,3}"), ("/a\\d{2}/", "a12"), ("/a\\/?b/", "ab"),
        ("/(?x) t e a m \\/app/", "team/app"), ("/a//", "a/"),
    ])
    func matches(pattern: String, name: String) throws {
        #expect(try holds(.init(name: pattern), try request(name: name)))
        // Among others, so that the index has to lead to it.
        let others = (2..<40).map { Rule(seq: $0, match: .init(name: "/other\($0)\\/.*/"), actions: []) }
        let rules = others + [Rule(seq: 1, match: .init(name: pattern), actions: ["*"])]
        #expect(try Policy(rules: rules).checked(try request(name: name)).rule == 1)
    }

    @Test func slashesAloneAreNoRegularExpression() throws {
        #expect(try holds(.init(name: "//"), try request(name: "//")))
        #expect(try !holds(.init(name: "//"), try request(name: "x")))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["/(a+)+/", "/(a|aa)+/", "/(a*)*b/", "/(.*a){20}x/", "/(?:(?:a+)+)+b/"])
    func anExpressionMadeToBeSlowEndsSoonAndGrantsNothing(pattern: String) throws {
        let policy = try Policy(rules: [
            Rule(seq: 1, match: .init(name: pattern), actions: ["pull"]), Rule(seq: 2, actions: ["*"]),
        ])
        let hostile = try request(name: String(repeating: "a", count: 500) + "!")
        let start = ContinuousClock.now
        let decision = policy.decide(hostile, at: noon)
        // A moment even on a busy machine; without limits it would be years.
        #expect(ContinuousClock.now - start < .seconds(20))
        // Some of these end by themselves, without a match; then the second rule decides.
        if decision.rule == 1 {
            #expect(decision.granted == [])
            let words = policy.explain(hostile, at: noon).description
            #expect(words.contains("could not be decided: name: the regular expression took more steps"))
        }
    }

    @Test func aRefusalThatCannotBeDecidedIsNotSteppedOver() throws {
        let policy = try Policy(rules: [
            Rule(seq: 1, match: .init(name: "/(a|aa)+/"), actions: []), Rule(seq: 2, actions: ["*"]),
        ])
        let hostile = try request(name: String(repeating: "a", count: 500) + "!")
        #expect(policy.checked(hostile) == Decision(granted: [], rule: 1))
    }

    @Test(arguments: [
        "/(/", "/[a/", "/a{2,1}/", "/*/", "/(?<n>/", "/\\1/", "/\\C/", "/(?R/", "/a++b)/",
        "/" + String(repeating: "(", count: 100) + String(repeating: ")", count: 100) + "/",
        "/" + String(repeating: "a", count: 5000) + "/", "/(?:(?:a{1000}){1000}){1000}/",
    ])
    func anExpressionThatIsMalformedOrTooLargeIsRefused(pattern: String) throws {
        let words = try #require(refusal([Rule(seq: 4, match: .init(account: pattern), actions: [])]))
        #expect(words.hasPrefix("rule 4, account: "))
    }

    @Test(arguments: [
        "/[${account}]/", "/[^]${account}]/", "/(?#${account})x/", "/\\Q${account}\\E/", "/[\\Q]${account}/",
        "/(*MARK:${account})x/", "/(?C'${account}')x/", "/\\x{${account}}/", "/\\p{${account}}/",
        "/(?<${account}>x)/", "/(?${account})/", "/a\\${account}${/",
    ])
    func aValueCannotStandWhereItCouldBreakOut(pattern: String) throws {
        #expect(refusal([Rule(seq: 1, match: .init(name: pattern), actions: [])]) != nil)
    }

    @Test func aValueRepeatsAsAWhole() throws {
        #expect(try holds(.init(name: "/${account}+/"), try request("ab", name: "abab")))
        #expect(try !holds(.init(name: "/${account}+/"), try request("ab", name: "abb")))
        #expect(try holds(.init(name: "/${account}?x/"), try request("ab", name: "x")))
        #expect(try holds(.init(name: "/${labels:l}?x/"), try request(labels: ["l": ["ab"]], name: "x")))
    }

    // MARK: Groups

    @Test func aGroupOfAnotherFieldsExpressionStandsInAPattern() throws {
        let match = Rule.Match(account: "/(.+)@(.+)\\.example/", name: "${account:2}/${account:1}/*")
        #expect(try holds(match, try request("ann@shop.example", name: "shop/ann/app")))
        #expect(try !holds(match, try request("ann@shop.example", name: "shop/bob/app")))
    }

    @Test func groupsWorkInEveryDirection() throws {
        #expect(
            try holds(
                .init(account: "${name:1}", name: "/(.+)\\/.*/"), try request("alice", name: "alice/app")))
        #expect(
            try !holds(
                .init(account: "${name:1}", name: "/(.+)\\/.*/"), try request("bob", name: "alice/app")))
        #expect(
            try holds(.init(name: "/(.+)/", service: "s-${name:0}"), try request(service: "s-a", name: "a")))
        #expect(
            try holds(
                .init(account: "/(.)(.*)/", name: "/${account:1}-(\\d+)/"), try request("alice", name: "a-77")
            ))
        let tagged = Rule.Match(name: "/(.*)/", tag: "${name:1}-*")
        #expect(try holds(tagged, try request(name: "app", tag: .known(["app-1"]))))
        #expect(try !holds(tagged, try request(name: "app", tag: .known(["x-1"]))))
    }

    @Test(arguments: ["*", "**", ".*", "[a-z]*", "/.*/", "?"])
    func whatAGroupHasMatchedIsData(account: String) throws {
        let who = try request(account, name: "prod")
        #expect(try !holds(.init(account: "/(.*)/", name: "${account:1}"), who))
        #expect(try !holds(.init(account: "/(.*)/", name: "/${account:1}/"), who))
        #expect(
            try holds(.init(account: "/(.*)/", name: "${account:1}"), try request(account, name: account)))
    }

    @Test func aGroupThatTookNoPartIsEmpty() throws {
        #expect(try holds(.init(account: "/(x)?alice/", name: "a${account:1}b"), try request(name: "ab")))
    }

    @Test(arguments: [
        (Rule.Match(account: "alice", name: "${account:1}"), "needs a /regex/ in account"),
        (Rule.Match(name: "${account:1}"), "needs a /regex/ in account"),
        (Rule.Match(name: "/(a)${name:1}/"), "needs a /regex/ in name"),
        (Rule.Match(account: "/(a)/", name: "${account:2}"), "has 1 groups"),
        (Rule.Match(account: "/(${name:1})/", name: "/(${account:1})/"), "itself uses a group"),
        (Rule.Match(name: "${ip:1}"), "is not known"), (Rule.Match(name: "${name:100}"), "is not known"),
        (Rule.Match(name: "${name:-1}"), "is not known"), (Rule.Match(name: "${name:x}"), "is not known"),
    ])
    func aGroupThatCannotBeThereIsRefused(match: Rule.Match, reason: String) throws {
        let words = try #require(refusal([Rule(seq: 3, match: match, actions: [])]))
        #expect(words.hasPrefix("rule 3, "))
        #expect(words.contains(reason))
    }
}
