import Access
import Contracts
import GRDB
import Registry
import Synchronization
import Testing

@testable import SQLiteStore

/// Retention in a repository of ten thousand tags: small transactions, and every tag is read once.
@Suite(.timeLimit(.minutes(2))) struct RetentionCostTests {
    @Test func tenThousandTagsGoInSmallTransactions() async throws {
        let commits = Mutex(0)
        let database = try Database(trace: { sql in if sql == "COMMIT" { commits.withLock { $0 += 1 } } })
        let (store, app) = (database.store, try Samples.repository("ci/app"))
        try await store.link(Samples.digest(1), size: 2, in: app) { true }
        let manifest = try Samples.image(config: Samples.digest(1))
        _ = try await store.put(
            Samples.push(manifest, tags: (0..<10_000).map { "build-\($0)" }), in: app)
        commits.withLock { $0 = 0 }

        let rule = RetentionRule(
            repositories: try Glob("ci/**"), tags: try Glob("build-*"), keepLast: 5, keepYounger: nil)
        let retention = Retention(
            rules: [try #require(rule)], policy: RegistryPolicy(), tags: store, manifests: store,
            now: { Samples.date })
        let summary = try await retention.run(isDryRun: false)
        #expect(summary.removed == 9_995 && summary.kept == 5)
        #expect(commits.withLock(\.self) == 100, "a hundred tags each")
        #expect(try await store.summary(of: app)?.tagCount == 5)
        let (removals, accounts) = try await store.pool.read { database in
            (
                try Int.fetchOne(database, sql: "SELECT count(*) FROM tag_history WHERE to_digest IS NULL"),
                try String.fetchAll(
                    database,
                    sql: "SELECT DISTINCT moved_by FROM tag_history WHERE to_digest IS NULL")
            )
        }
        #expect(removals == 9_995 && accounts == ["retention"], "the history says so of each")
    }
}
