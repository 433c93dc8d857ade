import Access
import Contracts
import FoundationEssentials
import OCI
import Registry
import Synchronization
import Testing

/// Which tags go, which stay, and why.
@Suite struct RetentionTests {
    private let store = InMemoryRegistry()
    private let now = Samples.date.addingTimeInterval(100 * 86_400)

    /// Pushes tags, each one day after the one before, the first a hundred days ago.
    private func push(_ tags: [String], to name: String = "ci/app") async throws {
        let repository = try RepositoryName(name)
        try await store.link(Samples.digest(1), size: 2, in: repository) { true }
        let manifest = try Samples.image(config: Samples.digest(1))
        for (day, tag) in tags.enumerated() {
            let date = Samples.date.addingTimeInterval(Double(day) * 86_400)
            _ = try await store.put(Samples.push(manifest, tags: [tag], at: date), in: repository)
        }
    }

    private func rule(_ name: String, _ tag: String, last: Int? = nil, days: Double? = nil) throws
        -> RetentionRule
    {
        try #require(
            RetentionRule(
                repositories: try Glob(name), tags: try Glob(tag), keepLast: last,
                keepYounger: days.map { $0 * 86_400 }))
    }

    /// Runs and returns what became of each tag, in the order told.
    private func run(
        _ rules: [RetentionRule], policy: RegistryPolicy = RegistryPolicy(), isDryRun: Bool = false,
        only repository: RepositoryName? = nil
    ) async throws -> (verdicts: [String: RetentionVerdict], summary: RetentionSummary) {
        let retention = Retention(
            rules: rules, policy: policy, tags: store, manifests: store, now: { [now] in now })
        var verdicts: [String: RetentionVerdict] = [:]
        let summary = try await retention.run(isDryRun: isDryRun, only: repository) { name, tag, verdict in
            verdicts["\(name):\(tag.tag)"] = verdict
        }
        return (verdicts, summary)
    }

    private func tags(of name: String = "ci/app") async throws -> [String] {
        try await store.tags(in: RepositoryName(name), after: nil, limit: 1000)?.map(\.text) ?? []
    }

    @Test func theLastOnesStay() async throws {
        try await push(["b1", "b2", "x", "b3", "b4"])
        let rule = try rule("ci/*", "b*", last: 2)
        let (verdicts, summary) = try await run([rule])
        #expect(try await tags() == ["b3", "b4", "x"])
        #expect(verdicts["ci/app:b4"] == .amongLast(rank: 1, rule))
        #expect(verdicts["ci/app:b3"] == .amongLast(rank: 2, rule))
        #expect(verdicts["ci/app:b2"] == .goes([rule]))
        #expect(verdicts["ci/app:x"] == .unspoken, "what no rule speaks of stays")
        #expect(summary.removed == 2 && summary.kept == 2 && summary.repositories == 1)
        let again = try await run([rule])
        #expect(again.summary.removed == 0, "a second run finds nothing")
    }

    @Test func theYoungStay() async throws {
        try await push((0..<5).map { "b\($0)" })
        let rule = try rule("ci/*", "*", days: 97.5)
        let (verdicts, _) = try await run([rule])
        #expect(try await tags() == ["b3", "b4"])
        #expect(verdicts["ci/app:b3"] == .young(rule))
    }

    @Test func whatAnyRuleKeepsStays() async throws {
        try await push(["b0", "b1", "b2", "b3"])
        let (both, other) = (try rule("ci/*", "*", last: 1, days: 98.5), try rule("**", "b0", last: 1))
        let (verdicts, _) = try await run([both, other])
        #expect(try await tags() == ["b0", "b2", "b3"])
        #expect(verdicts["ci/app:b2"] == .young(both), "the second of the last one is young")
        #expect(verdicts["ci/app:b0"] == .amongLast(rank: 1, other))
        #expect(verdicts["ci/app:b1"] == .goes([both]))
    }

    @Test func immutableTagsStayAndCount() async throws {
        try await push(["b0", "b1", "b2"])
        let pins = ImmutableTags(repositories: try Glob("ci/*"), tags: try Glob("b[02]"))
        let rule = try rule("**", "*", last: 1)
        let (verdicts, summary) = try await run([rule], policy: RegistryPolicy(immutableTags: [pins]))
        #expect(try await tags() == ["b0", "b2"])
        #expect(verdicts["ci/app:b0"] == .immutable && verdicts["ci/app:b1"] == .goes([rule]))
        #expect(summary.kept == 2)
    }

    @Test func aDryRunSaysTheSameAndRemovesNothing() async throws {
        try await push(["b1", "b2", "b3"])
        let rule = try rule("**", "*", last: 1)
        let tried = try await run([rule], isDryRun: true)
        #expect(try await tags() == ["b1", "b2", "b3"])
        let done = try await run([rule])
        #expect(tried.verdicts == done.verdicts && tried.summary == done.summary)
        #expect(try await tags() == ["b3"])
    }

    @Test func onlyRepositoriesThatARuleNamesAreTouched() async throws {
        for name in ["ci/app", "ci/deep/app", "prod/app"] { try await push(["b1", "b2"], to: name) }
        let rule = try rule("ci/*", "*", last: 1)
        #expect(try await run([rule], only: RepositoryName("prod/app")).summary == RetentionSummary())
        #expect(try await run([rule]).summary.repositories == 1)
        #expect(try await tags(of: "ci/app") == ["b2"])
        #expect(try await tags(of: "ci/deep/app") == ["b1", "b2"])
        #expect(try await tags(of: "prod/app") == ["b1", "b2"])
    }

    @Test func aTagPushedAgainWhileItIsLookedAtStays() async throws {
        try await push((0..<250).map { "b\($0)" })
        let manifest = try Samples.image(config: Samples.digest(1))
        // Among the first that are looked at, and pushed again after that.
        let later = Samples.date.addingTimeInterval(400 * 86_400)
        let again = try Samples.push(manifest, tags: ["b200"], at: later)
        let rule = try rule("**", "*", last: 1)
        let retention = Retention(
            rules: [rule], policy: RegistryPolicy(), tags: store, manifests: store, now: { [now] in now })
        var isFirst = true
        _ = try await retention.run(isDryRun: false) { [store] name, _, _ in
            guard isFirst else { return }
            isFirst = false
            _ = try await store.put(again, in: name)
        }
        #expect(try await tags() == ["b200", "b249"])
    }

    @Test func aRuleThatKeepsNothingIsNone() throws {
        let all = try Glob("*")
        #expect(RetentionRule(repositories: all, tags: all, keepLast: nil, keepYounger: nil) == nil)
        #expect(RetentionRule(repositories: all, tags: all, keepLast: 0, keepYounger: 0) == nil)
    }
}
