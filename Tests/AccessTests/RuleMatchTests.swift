import Access
import FoundationEssentials
import Testing

/// What rules mean, in Homeport's own reading.
@Suite struct RuleMatchTests {
    private func rule(_ seq: Int, _ match: Rule.Match, _ actions: [String]) -> Rule {
        Rule(seq: seq, match: match, actions: actions)
    }

    private func rule(_ seq: Int, _ actions: [String]) -> Rule { Rule(seq: seq, actions: actions) }

    // MARK: Order and actions

    @Test func theFirstRuleThatMatchesDecides() throws {
        let policy = try Policy(rules: [
            rule(10, .init(name: "other"), ["*"]), rule(20, .init(name: "team/*"), ["pull"]), rule(30, ["*"]),
        ])
        #expect(policy.checked(try request()) == Decision(granted: ["pull"], rule: 20))
    }

    @Test func rulesCountInTheOrderOfTheirNumbersWhereverTheyStand() throws {
        let policy = try Policy(rules: [rule(20, ["*"]), rule(-5, .init(name: "x"), []), rule(10, [])])
        #expect(policy.checked(try request()) == Decision(granted: [], rule: 10))
    }

    @Test func withoutARuleThatMatchesNothingIsGranted() throws {
        let nobody = Decision(granted: [], rule: nil)
        #expect(try Policy(rules: []).checked(try request()) == nobody)
        #expect(Policy.nothing.checked(try request()) == nobody)
        #expect(try Policy(rules: [rule(1, .init(name: "x"), ["*"])]).checked(try request()) == nobody)
    }

    @Test func aStarGrantsWhateverIsAskedInTheOrderAsked() throws {
        let policy = try Policy(rules: [rule(1, ["*"])])
        let asked = ["push", "delete", "*", "madeup", "push"]
        #expect(policy.checked(try request(actions: asked)).granted == ["push", "delete", "*", "madeup"])
    }

    @Test func aListGrantsWhatIsBothAskedAndListed() throws {
        let policy = try Policy(rules: [rule(1, ["pull", "push"])])
        #expect(
            policy.checked(try request(actions: ["push", "delete", "pull"])).granted == ["push", "pull"])
        #expect(policy.checked(try request(actions: ["*"])).granted == [])
        #expect(policy.checked(try request(actions: [])) == Decision(granted: [], rule: 1))
    }

    @Test func anEmptyListRefuses() throws {
        let policy = try Policy(rules: [rule(1, .init(account: "alice"), []), rule(2, ["*"])])
        #expect(policy.checked(try request("alice")) == Decision(granted: [], rule: 1))
        #expect(policy.checked(try request("bob")).rule == 2)
    }

    @Test func deleteIsNotPartOfPush() throws {
        let policy = try Policy(rules: [rule(1, ["pull", "push"])])
        #expect(policy.checked(try request(actions: ["delete"])).granted == [])
    }

    // MARK: Conditions

    @Test func anEmptyMatchHoldsForEverybody() throws {
        #expect(try holds(.init(), try request("")))
        #expect(try holds(.init(), try request(ip: "192.0.2.7", type: "registry", name: "catalog")))
    }

    @Test func allConditionsHaveToHold() throws {
        let match = Rule.Match(
            account: "alice", type: "repository", name: "team/*", service: "registry", ip: "192.0.2.0/24")
        #expect(try holds(match, try request(ip: "192.0.2.7")))
        #expect(try !holds(match, try request("bob", ip: "192.0.2.7")))
        #expect(try !holds(match, try request(ip: "192.0.2.7", service: "other")))
        #expect(try !holds(match, try request(ip: "192.0.2.7", type: "registry")))
        #expect(try !holds(match, try request(ip: "192.0.2.7", name: "other/app")))
        #expect(try !holds(match, try request(ip: "198.51.100.1")))
    }

    @Test func anEmptyAccountMatchesOnlyWhoHasNotSignedIn() throws {
        #expect(try holds(.init(account: ""), try request("")))
        #expect(try !holds(.init(account: ""), try request("alice")))
        #expect(try !holds(.init(account: "?*"), try request("")))
        #expect(try holds(.init(account: "?*"), try request("alice")))
        #expect(try !holds(.init(account: "/.+/"), try request("")))
        #expect(try holds(.init(account: "/.+/"), try request("alice")))
    }

    @Test func everythingIsCaseSensitive() throws {
        #expect(try !holds(.init(account: "Alice"), try request("alice")))
        #expect(try !holds(.init(account: "/ALICE/"), try request("alice")))
        #expect(try holds(.init(account: "/(?i)ALICE/"), try request("alice")))
        #expect(try !holds(.init(labels: ["a": "X"]), try request(labels: ["a": ["x"]])))
        #expect(try !holds(.init(labels: ["A": "x"]), try request(labels: ["a": ["x"]])))
    }

    @Test func aStarStopsAtASlashAndTwoCrossIt() throws {
        let deep = try request(name: "alice/team/app")
        #expect(try holds(.init(name: "${account}/*"), try request(name: "alice/app")))
        #expect(try !holds(.init(name: "${account}/*"), deep))
        #expect(try holds(.init(name: "${account}/**"), deep))
    }

    // MARK: Values of the request

    @Test func valuesOfTheRequestStandInPatterns() throws {
        #expect(
            try holds(
                .init(name: "${account}/${type}/${service}"), try request(name: "alice/repository/registry")))
        #expect(try holds(.init(account: "${account}"), try request("bob")))
        #expect(try holds(.init(service: "${name}"), try request(service: "team/app")))
        #expect(try !holds(.init(name: "${account}/*"), try request("bob", name: "alice/app")))
    }

    @Test(arguments: ["*", "a*", "**", "[a-z]", "?", "a\\*", "/.*/", "/x/", "${name}"])
    func anAccountsNameIsNeverAPattern(account: String) throws {
        let who = try request(account, labels: ["x": ["victim"]], name: "victim/app")
        #expect(try !holds(.init(name: "${account}/*"), who))
        #expect(try !holds(.init(name: "${account}"), try request(account, name: "victim")))
        #expect(try !holds(.init(name: "/${account}\\/.*/"), who))
        let own = try request(account, name: "\(account)/app")
        #expect(try holds(.init(name: "${account}/app"), own))
        #expect(try holds(.init(name: "/${account}\\/app/"), own))
    }

    @Test(arguments: [
        ".*", "a|victim", "victim|", ")|(victim", "\\E.*", "a)|.*(", "[^x]*", "#", "a{0,}",
    ])
    func anAccountsNameIsDataInARegularExpression(account: String) throws {
        let match = Rule.Match(name: "/${account}\\/app/")
        #expect(try !holds(match, try request(account, name: "victim/app")))
        #expect(try holds(match, try request(account, name: "\(account)/app")))
    }

    @Test func aDollarSignCanBeWritten() throws {
        #expect(try holds(.init(service: "\\${account}"), try request(service: "${account}")))
        #expect(try holds(.init(service: "a$b$"), try request(service: "a$b$")))
        #expect(try holds(.init(service: "/\\$\\{x\\}/"), try request(service: "${x}")))
    }

    // MARK: Dates

    @Test func aRuleCountsFromItsFirstMomentToItsLast() throws {
        let policy = try Policy(rules: [
            Rule(seq: 1, actions: ["*"], notBefore: noon, notAfter: noon.addingTimeInterval(60))
        ])
        let asked = try request()
        #expect(policy.checked(asked, at: noon.addingTimeInterval(-0.001)).rule == nil)
        #expect(policy.checked(asked, at: noon).rule == 1)
        #expect(policy.checked(asked, at: noon.addingTimeInterval(60)).rule == 1)
        #expect(policy.checked(asked, at: noon.addingTimeInterval(60.001)).rule == nil)
    }

    @Test func oneSideOfTheDatesCanStayOpen() throws {
        let policy = try Policy(rules: [
            Rule(seq: 1, actions: [], notAfter: noon), Rule(seq: 2, actions: ["*"], notBefore: noon),
        ])
        #expect(policy.checked(try request(), at: .distantPast).rule == 1)
        #expect(policy.checked(try request(), at: .distantFuture).rule == 2)
    }

    // MARK: Limits

    @Test func veryLongValuesAreGrantedNothing() throws {
        let policy = try Policy(rules: [rule(1, ["*"])])
        let long = String(repeating: "a", count: Policy.valueLengthMax)
        #expect(policy.checked(try request(name: long)).rule == 1)
        #expect(policy.checked(try request(name: long + "a")) == Decision(granted: [], rule: nil))
        #expect(policy.checked(try request(service: long + "a")).granted == [])
        #expect(policy.explain(try request(name: long + "a"), at: noon).description.contains("longer than"))
    }
}
