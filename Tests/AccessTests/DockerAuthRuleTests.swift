import Access
import Testing

/// Rules as docker_auth reads them, without its hazards and with them.
@Suite struct DockerAuthRuleTests {
    private func dockerHolds(_ match: Rule.Match, _ request: AccessRequest) throws -> Bool {
        try holds(match, request, style: .dockerAuth)
    }

    private func hazardHolds(_ match: Rule.Match, _ request: AccessRequest) throws -> Bool {
        try holds(match, request, style: .dockerAuthInterpretingValues)
    }

    @Test func aRegularExpressionMatchesAnywhere() throws {
        #expect(try dockerHolds(.init(account: "/ob/"), try request("bob")))
        #expect(try dockerHolds(.init(account: "/trainee|dev/"), try request("devops")))
        #expect(try !dockerHolds(.init(account: "/^dev$/"), try request("devops")))
    }

    @Test func aDollarSignIsTheVeryEnd() throws {
        #expect(try !dockerHolds(.init(service: "/^a$/"), try request(service: "a\n")))
    }

    @Test func twoStarsAreOneAndStopAtSlashes() throws {
        #expect(try dockerHolds(.init(name: "team/**"), try request(name: "team/app")))
        #expect(try !dockerHolds(.init(name: "team/**"), try request(name: "team/app/x")))
        #expect(try !dockerHolds(.init(name: "${account}/*"), try request(name: "alice/team/app")))
        #expect(try dockerHolds(.init(name: "${account}/*"), try request(name: "alice/app")))
    }

    @Test func classesAreThoseOfGo() throws {
        #expect(try dockerHolds(.init(name: "[!a]"), try request(name: "!")))
        #expect(try !dockerHolds(.init(name: "[!a]"), try request(name: "b")))
        #expect(try dockerHolds(.init(name: "[^a]"), try request(name: "b")))
        #expect(try dockerHolds(.init(name: "a[^b]c"), try request(name: "a/c")))
        #expect(try !dockerHolds(.init(name: "a?c"), try request(name: "a/c")))
    }

    @Test func aWildcardBesideOtherActionsIsNone() throws {
        let policy = try Policy(rules: [Rule(seq: 1, actions: ["*", "pull"])], style: .dockerAuth)
        #expect(policy.checked(try request(actions: ["pull", "push"])).granted == ["pull"])
        let star = try Policy(rules: [Rule(seq: 1, actions: ["*"])], style: .dockerAuth)
        #expect(
            star.checked(try request(actions: ["delete", "made", "*"])).granted == ["delete", "made", "*"])
    }

    @Test func rulesAreSortedForReal() throws {
        let policy = try Policy(
            rules: [
                Rule(seq: 20, actions: ["*"]), Rule(seq: 10, match: .init(account: "alice"), actions: []),
            ],
            style: .dockerAuth)
        #expect(policy.checked(try request("alice")).rule == 10)
    }

    @Test func labelsAreGlobsAndNeverRegularExpressions() throws {
        let pattern = Rule.Match(name: "${labels:p}")
        #expect(try dockerHolds(pattern, try request(labels: ["p": ["test/*"]], name: "test/a")))
        #expect(try !dockerHolds(pattern, try request(labels: ["p": ["/.*/"]], name: "test/a")))
        #expect(
            try !dockerHolds(
                .init(name: "/^${labels:p}$/"), try request(labels: ["p": [".*"]], name: "test/a")))
        #expect(
            try !dockerHolds(
                .init(account: "${account}", name: "${account}"), try request("/x/", name: "axb")))
    }

    @Test func capturedGroupsAreData() throws {
        let match = Rule.Match(account: "/^(.*)$/", name: "${account:1}")
        #expect(try !dockerHolds(match, try request("*", name: "prod")))
        #expect(try dockerHolds(match, try request("prod", name: "prod")))
    }

    // MARK: Only for those who ask for it

    @Test func aLabelBecomesARegularExpressionOnlyWhenAskedFor() throws {
        let asked = try request(labels: ["p": ["none", "/.*/"]], name: "team/app")
        #expect(try hazardHolds(.init(name: "${labels:p}"), asked))
        #expect(
            try hazardHolds(.init(name: "/^${labels:p}$/"), try request(labels: ["p": [".*"]], name: "a/b")))
        #expect(
            try hazardHolds(.init(name: "${labels:p}/*"), try request(labels: ["p": ["t*"]], name: "team/a")))
        #expect(
            try !hazardHolds(.init(name: "${labels:p}"), try request(labels: ["p": ["/x/"]], name: "a/b")))
        #expect(try !hazardHolds(.init(name: "${labels:p}"), try request(name: "a/b")))
    }

    @Test func anAccountBecomesARegularExpressionOnlyWhenAskedFor() throws {
        #expect(try hazardHolds(.init(name: "${account}"), try request("/x/", name: "axb")))
        #expect(try !hazardHolds(.init(name: "${account}/*"), try request("*", name: "prod/a")))
        #expect(try hazardHolds(.init(name: "${account}/*"), try request("a.b", name: "a.b/x")))
    }

    @Test func aGroupBecomesAPatternOnlyWhenAskedFor() throws {
        let match = Rule.Match(account: "/^(.*)$/", name: "${account:1}")
        #expect(try hazardHolds(match, try request("*", name: "prod")))
    }

    @Test func labelsInSeveralPlacesAreCombined() throws {
        let labels: Labels = ["a": ["1", "2"], "b": ["x", "y*"]]
        let match = Rule.Match(name: "${labels:a}-${labels:b}-${labels:a}")
        #expect(try hazardHolds(match, try request(labels: labels, name: "2-yy-2")))
        #expect(try !hazardHolds(match, try request(labels: labels, name: "1-yy-2")))
    }

    @Test func aMalformedValueMatchesNothing() throws {
        let match = Rule.Match(name: "${labels:p}")
        #expect(try !hazardHolds(match, try request(labels: ["p": ["[", "/(/"]], name: "(")))
        #expect(try hazardHolds(match, try request(labels: ["p": ["[", "/(/", "a"]], name: "a")))
    }

    @Test(.timeLimit(.minutes(1)))
    func combinationsAndStepsStayLimited() throws {
        let many: [LabelValue] = (0..<101).map { LabelValue("v\($0)") }
        let policy = try Policy(
            rules: [
                Rule(seq: 1, match: .init(name: "${labels:a}${labels:b}"), actions: ["*"]),
                Rule(seq: 2, actions: ["*"]),
            ], style: .dockerAuthInterpretingValues)
        #expect(
            policy.checked(try request(labels: ["a": many, "b": many], name: "x"))
                == Decision(granted: [], rule: 1))
        let slow = try request(
            labels: ["a": ["/(a|aa)+$/"], "b": [""]], name: String(repeating: "a", count: 500) + "!")
        #expect(policy.checked(slow).granted == [])
    }
}
