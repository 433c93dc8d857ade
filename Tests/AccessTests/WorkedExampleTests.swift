import Access
import FoundationEssentials
import Testing

/// The two examples that the rules were made for.
@Suite struct WorkedExampleTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func granted(
        _ policy: Policy, _ account: String, _ labels: Labels, _ name: String, _ actions: [String]
    ) throws -> [String] {
        let request = AccessRequest(
            account: try AccountName(account), labels: labels, name: name, actions: actions)
        let decision = policy.decide(request, at: now)
        #expect(policy.explain(request, at: now).decision == decision)
        return decision.granted
    }

    @Test func waldiPushesWhatHisLabelsNameAndNothingElse() throws {
        let policy = try Policy(rules: [
            Rule(seq: 10, match: .init(name: "${labels:full-access}"), actions: ["*"]),
            Rule(seq: 20, match: .init(name: "${labels:read-only-access}"), actions: ["pull"]),
        ])
        let labels: Labels = ["full-access": ["test", "socke*"]]
        #expect(try granted(policy, "waldi", labels, "test", ["pull", "push"]) == ["pull", "push"])
        #expect(try granted(policy, "waldi", labels, "socke23", ["pull", "push"]) == ["pull", "push"])
        #expect(try granted(policy, "waldi", labels, "prod", ["pull", "push"]) == [])
        #expect(try granted(policy, "waldi", labels, "socke/23", ["pull", "push"]) == [])
        #expect(try granted(policy, "waldi", labels, "tests", ["pull"]) == [])

        let readers: Labels = ["read-only-access": ["prod"]]
        #expect(try granted(policy, "reader", readers, "prod", ["pull", "push"]) == ["pull"])
    }

    @Test func busyGuyPushesEveryCombinationOfHisLabels() throws {
        let policy = try Policy(rules: [
            Rule(
                seq: 10, match: .init(name: "${labels:project}/${labels:group}-${labels:tier}"),
                actions: ["push", "pull"])
        ])
        let labels: Labels = [
            "group": ["web", "webdev"], "project": ["website", "api"], "tier": ["frontend", "backend"],
        ]
        for project in ["website", "api"] {
            for group in ["web", "webdev"] {
                for tier in ["frontend", "backend"] {
                    let name = "\(project)/\(group)-\(tier)"
                    #expect(
                        try granted(policy, "busy-guy", labels, name, ["pull", "push"]) == ["pull", "push"])
                }
            }
        }
        for name in ["website/web", "other/web-frontend", "website/web-frontend/x", "website/webfrontend"] {
            #expect(try granted(policy, "busy-guy", labels, name, ["pull", "push"]) == [])
        }
        #expect(try granted(policy, "busy-guy", labels, "api/web-backend", ["delete"]) == [])
    }
}
