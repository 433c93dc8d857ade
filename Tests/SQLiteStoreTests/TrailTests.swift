import Access
import Accounts
import Audit
import Contracts
import Foundation
import OCI
import Registry
import ServerKit
import Testing

@testable import SQLiteStore

/// Changes write into the trail by the transaction that makes them.
@Suite(.timeLimit(.minutes(1))) struct TrailTests {
    private func lines(_ database: Database) async throws -> [String] {
        try await database.store.entries(AuditFilter(), after: nil, limit: 100).reversed().map { entry in
            let event = entry.event
            return "\(event.account) \(event.action.rawValue) \(event.subject): \(event.detail)"
        }
    }

    @Test func whoChangedARepositoryIsWritten() async throws {
        let database = try Database()
        let (store, app) = (database.store, try Samples.repository("team/app"))
        try await store.link(Samples.digest(1), size: 2, in: app) { true }
        let push = try Samples.push(Samples.image(config: Samples.digest(1)), tags: ["v1", "v2", "v3"])
        let origin = RequestOrigin(address: "192.0.2.7", requestID: "abc")
        try await RequestOrigin.$current.withValue(origin) {
            _ = try await store.put(push, in: app)
            _ = try await store.remove(Samples.tag("v1"), in: app, by: "bob", under: .none)
            let aged = try await store.tagsByPush(in: app, after: nil, limit: 1)
            _ = try await store.remove(aged, in: app, by: "retention", under: .none)
            _ = try await store.remove(push.digest, in: app, by: "carol", under: .none)
            _ = try await store.unlink(Samples.digest(1), in: app, by: "dave", under: .none)
        }
        _ = try await store.removeRepository(app, by: "", under: .none)
        #expect(
            try await lines(database) == [
                "alice push team/app: v1, v2, v3 at \(push.digest)",
                "bob delete team/app: tag v1 at \(push.digest)",
                "retention delete team/app: 1 tags: v3",
                "carol delete team/app: v2 at \(push.digest)",
                "dave delete team/app: blob \(Samples.digest(1))",
                " repository-remove team/app: ",
            ])
        let entries = try await store.entries(AuditFilter(), after: nil, limit: 9)
        #expect(entries.dropFirst().allSatisfy { $0.event.origin == origin }, "and from where")
    }

    @Test func whatDidNotHappenIsNotWritten() async throws {
        let database = try Database()
        let (store, app) = (database.store, try Samples.repository("team/app"))
        let push = try Samples.push(Samples.image(config: Samples.digest(1)), tags: ["v1"])
        _ = try await store.put(push, in: app)
        _ = try await store.remove(Samples.tag("v1"), in: app, by: "bob", under: .none)
        _ = try await store.remove(push.digest, in: app, by: "bob", under: .none)
        _ = try await store.removeRepository(app, by: "", under: .none)
        _ = try await store.revoke(#require(TokenID("abcdefghijklmnop")))
        _ = try await store.remove(7)
        await expect(.missing, "there is no rule 7") { try await store.move(7, to: 8) }
        #expect(try await lines(database) == [])
    }

    @Test func whoChangedAnAccountOrARuleIsWritten() async throws {
        let database = try Database()
        let store = database.store
        try await RequestOrigin.$current.withValue(RequestOrigin(commandUser: "root")) {
            var account = Account(
                name: try AccountName("alice"), passwordHash: PasswordHash(storedText: "$2b$secret"),
                labels: [:], expires: nil, createdAt: Samples.date)
            try await store.add(account)
            account.passwordHash = PasswordHash(storedText: "$2b$other")
            account.isDisabled = true
            try await store.update(account)
            try await store.add(
                Rule(seq: 5, match: .init(account: "alice", name: "shop/**"), actions: ["pull", "push"]))
            try await store.move(5, to: 6)
            _ = try await store.remove(6)
            _ = try await store.remove(account.name)
        }
        #expect(
            try await lines(database) == [
                "root account-add alice: ", "root account-change alice: password, disabled",
                "root rule-add 5: account=alice name=shop/** actions=pull,push", "root rule-move 5: to 6",
                "root rule-remove 6: ", "root account-remove alice: ",
            ])
        let entries = try await store.entries(AuditFilter(), after: nil, limit: 9)
        #expect(entries.allSatisfy { $0.event.origin.commandUser == "root" })
    }

    @Test func kindsThatAreNotAskedForAreNotWritten() async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/homeport.db", auditing: [.changes])
        let app = try Samples.repository("team/app")
        try await store.link(Samples.digest(1), size: 2, in: app) { true }
        _ = try await store.put(
            Samples.push(Samples.image(config: Samples.digest(1)), tags: ["v1"]), in: app)
        try await store.add(Rule(seq: 5, match: .init(), actions: []))
        let entries = try await store.entries(AuditFilter(), after: nil, limit: 9)
        #expect(entries.map(\.event.action) == [.addRule])
    }
}
