import Access
import Accounts
import Contracts
import Foundation
import Harness
import InMemoryLogging
import ServerKit
import Testing

@testable import MongoStore

/// Documents that other programs write.
@Suite(.mongoServer, .timeLimit(.minutes(5))) struct DocumentTests {
    @Test func usersOfDockerAuthAreReadAsTheyAre() async throws {
        let database = try Database()
        try await database.edit(
            """
            db.users.insert_many([
                {"username": "admin", "password": "$2y$05$abc", "labels": {"group": ["admin"], "x.y": []}},
                {"username": "bob", "labels": {"team": "core"}, "expires": datetime.datetime(2027, 1, 15),
                 "not_before": "2026-01-15 00:00:00", "disabled": True, "note": "kept"},
                {"username": 7}, {"username": "with:colon"}, {"username": "spoiled", "labels": [1]},
                {"username": "", "password": None}])
            """)
        let log = InMemoryLogHandler()
        let store = try database.store(log: log)
        let admin = try #require(try await store.account(named: AccountName("admin")))
        #expect(admin.passwordHash?.storedText == "$2y$05$abc")
        #expect(admin.labels == ["group": ["admin"], "x.y": []])
        #expect(!admin.isDisabled && admin.expires == nil)
        #expect(admin.createdAt.timeIntervalSince1970 > 1_700_000_000, "as its identifier says it")
        let bob = try #require(try await store.account(named: AccountName("bob")))
        #expect(bob.passwordHash == nil && bob.isDisabled && bob.labels == ["team": ["core"]])
        #expect(bob.expires == Date(timeIntervalSince1970: 1_799_971_200))
        #expect(bob.notBefore == Date(timeIntervalSince1970: 1_768_435_200))
        #expect(try await store.account(named: AccountName("spoiled")) == nil, "nobody signs in with it")
        let names =
            try await store.accounts(after: nil, limit: 2).map(\.name.text)
            + store.accounts(after: AccountName("admin"), limit: 2).map(\.name.text)
        #expect(names == ["", "admin", "bob"], "what cannot be read is passed over")
        #expect(log.entries.contains { "\($0)".contains("labels") }, "and named")

        try await store.update(bob)
        try await database.edit("assert db.users.find_one({'username': 'bob'})['note'] == 'kept'")
    }

    @Test func rulesAreSortedByTheirNumbers() async throws {
        let database = try Database()
        try await database.edit(
            """
            db.acl.insert_many([
                {"seq": 30, "match": {"account": "/.+/"}, "actions": ["pull"], "comment": "all"},
                {"seq": 10.0, "match": {"name": "secret/*"}, "actions": []},
                {"seq": bson.Int64(20), "match": {"labels": {"group": "admin"}, "ip": "127.0.0.0/8"},
                 "actions": ["*"]},
                {"seq": 25, "match": {}, "actions": ["*"], "disabled": True},
                {"seq": 40, "actions": ["pull"], "expires": datetime.datetime(2027, 1, 15)}])
            """)
        let rules = try await database.store().rules()
        #expect(rules.map(\.seq) == [10, 20, 30, 40])
        #expect(rules[0] == Rule(seq: 10, match: Rule.Match(name: "secret/*"), actions: []))
        #expect(rules[1].match.labels == ["group": "admin"] && rules[1].match.ip == "127.0.0.0/8")
        #expect(rules[2].comment == "all")
        #expect(rules[3].notAfter == Date(timeIntervalSince1970: 1_799_971_200))
    }

    @Test func aSpoiledRuleIsNamedAndWhatItSaidStands() async throws {
        let database = try Database()
        let log = InMemoryLogHandler()
        let store = try database.store(log: log)
        try await database.edit(
            """
            db.acl.insert_many([
                {"_id": "deny", "seq": 10, "match": {"name": "secret/*"}, "actions": []},
                {"_id": "allow", "seq": 20, "match": {}, "actions": ["pull"]},
                {"_id": "typo", "seq": 30, "match": {"team": "infrastructure"}, "actions": ["*"]},
                {"_id": "half", "seq": 40, "match": {}},
                {"_id": "text", "seq": "fifty", "match": {}, "actions": ["*"]},
                {"_id": "regex", "seq": 60, "match": {"name": "/(/"}, "actions": ["*"]}])
            """)
        #expect(try await store.readRules().map(\.seq) == [10, 20])
        let told = log.entries.map { "\($0)" }
        for name in ["typo", "half", "text", "regex"] {
            #expect(told.count { $0.contains("document: \(name)") || $0.contains("\(name)") } >= 1)
        }
        let count = log.entries.count
        _ = try await store.readRules()
        #expect(log.entries.count == count, "once each")

        try await database.edit(
            """
            db.acl.update_one({"_id": "deny"}, {"$set": {"match": {"name": 7}}})
            db.acl.update_one({"_id": "typo"}, {"$set": {"match": {"account": "x"}}})
            """)
        let rules = try await store.readRules()
        #expect(rules.map(\.seq) == [10, 20, 30], "one that is mended counts")
        #expect(rules[0].match.name == "secret/*", "and one that was spoiled says what it said")
    }

    @Test func twoRulesOfOneNumberAreOne() async throws {
        let database = try Database()
        let log = InMemoryLogHandler()
        let store = try database.store(log: log)
        try await database.edit(
            """
            db.acl.insert_many([{"_id": i, "seq": 10, "match": {}, "actions": [a]}
                                for i, a in [(1, "pull"), (2, "push")]])
            """)
        #expect(try await store.rules() == [Rule(seq: 10, actions: ["pull"])])
        #expect(log.entries.contains { "\($0)".contains("as in the document 1") })
        try await store.add(Rule(seq: 20, actions: []))
        #expect(
            try await store.rules().map(\.seq) == [10, 20], "and the index that is not unique is no trouble")
    }

    @Test(arguments: [
        #"{"$ne": null}"#, #"{"$gt": ""}"#, #"{"$regex": ".*"}"#, "/.*/", "$where", "alice' || '1'=='1",
        #"{"$where": "sleep(1000)"}"#, "alice\u{7F}",
    ])
    func whatIsTypedIsATextAndNoQuery(name: String) async throws {
        let database = try Database()
        let store = try database.store()
        try await store.add(
            Account(name: try AccountName("alice"), passwordHash: nil, createdAt: Samples.date))
        guard let typed = try? AccountName(name) else { return }
        #expect(try await store.account(named: typed) == nil)
        #expect(try await store.accounts(after: typed, limit: 9).count <= 1)
        #expect(try await store.tokens(of: typed, after: nil, limit: 9) == [])
        #expect(try await !store.remove(typed))
        #expect(try await store.account(named: AccountName("alice")) != nil)
        try await store.add(
            Account(
                name: typed, passwordHash: nil, labels: ["$where": [LabelValue(name)], "a.b": ["$set"]],
                createdAt: Samples.date))
        let kept = try #require(try await store.account(named: typed))
        #expect(kept.labels == ["$where": [LabelValue(name)], "a.b": ["$set"]])
        #expect(try await store.remove(typed))
    }

    @Test func aChangeElsewhereIsSeenWithoutWaiting() async throws {
        let database = try Database()
        let (here, there) = (try database.store(), try database.store())
        try await here.look()
        let before = here.generation
        try await there.add(Rule(seq: 1, actions: []))
        try await here.look()
        #expect(here.generation != before, "each change moves a number in the database")
        let after = here.generation
        try await here.look()
        #expect(here.generation == after)
    }
}
