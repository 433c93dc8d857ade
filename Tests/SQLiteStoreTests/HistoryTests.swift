import Contracts
import Foundation
import GRDB
import OCI
import Registry
import Testing

@testable import SQLiteStore

/// What is written down beside what the ports show: the history of tags and what manifests refer to.
@Suite(.timeLimit(.minutes(1))) struct HistoryTests {
    @Test func theHistoryOfATagSaysWhoMovedItFromWhatToWhat() async throws {
        let database = try Database()
        let app = try Samples.repository("team/app")
        func push(_ number: Int, by account: String) async throws -> Digest {
            try await database.store.link(Samples.digest(number), size: 2, in: app) { true }
            let push = try Samples.push(
                Samples.image(config: Samples.digest(number)), tags: ["v1"], by: account,
                at: Samples.date.addingTimeInterval(Double(number)))
            _ = try await database.store.put(push, in: app)
            return push.digest
        }
        let first = try await push(1, by: "alice")
        _ = try await push(1, by: "alice")
        let second = try await push(2, by: "bob")
        _ = try await database.store.remove(Samples.tag("v1"), in: app, by: "carol")
        let third = try await push(3, by: "")
        _ = try await database.store.remove(third, in: app, by: "dave")

        let lines = try await database.store.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM tag_history ORDER BY id").map { row in
                let (by, from, to): (String, String?, String?) = (
                    row["moved_by"], row["from_digest"], row["to_digest"]
                )
                return "\(by): \(from ?? "-") \(to ?? "-")"
            }
        }
        #expect(
            lines == [
                "alice: - \(first)", "bob: \(first) \(second)", "carol: \(second) -", ": - \(third)",
                "dave: \(third) -",
            ], "pushing the same again is no move")
    }

    @Test func referencesSayWhatIsABlobAndWhatAManifest() async throws {
        let database = try Database()
        let app = try Samples.repository("team/app")
        for number in 1...2 {
            try await database.store.link(Samples.digest(number), size: 2, in: app) { true }
        }
        let image = try Samples.push(
            Samples.image(config: Samples.digest(1), layers: [Samples.digest(2), Samples.digest(2)]))
        let index = try Samples.push(Samples.index(of: [image.digest]))
        for push in [image, index] { #expect(try await database.store.put(push, in: app) == []) }
        let references = try await database.store.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT kind, target FROM manifest_reference").map {
                "\($0["kind"] as String) \($0["target"] as String)"
            }
        }
        #expect(
            Set(references) == [
                "blob \(Samples.digest(1))", "blob \(Samples.digest(2))", "manifest \(image.digest)",
            ])
        _ = try await database.store.remove(index.digest, in: app, by: "")
        let count = try await database.store.pool.read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM manifest_reference AS reference
                        JOIN repository ON repository.id = reference.repository
                    WHERE repository.removed_name IS NULL
                    """)
        }
        #expect(count == 2, "they go with their manifest, where that goes")
    }
}

extension HistoryTests {
    @Test func aTagThatIsTakenOverBringsItsHistory() async throws {
        let database = try Database()
        let app = try Samples.repository("old/app")
        let pushes = try (1...2).map { try Samples.push(Samples.image(config: Samples.digest($0))) }
        for push in pushes { _ = try await database.store.adopt(push, in: app) }
        func move(_ digest: Digest, _ seconds: Double) -> AdoptedTag.Move {
            AdoptedTag.Move(digest: digest, date: Samples.date.addingTimeInterval(seconds))
        }
        let gone = Samples.digest(9)
        let tag = AdoptedTag(
            try Tag("v1"), earlier: [move(gone, 1), move(pushes[0].digest, 2)],
            current: move(pushes[1].digest, 3))
        #expect(try await database.store.adopt(tag, in: app) == .new)
        _ = try await database.store.remove(Samples.tag("v1"), in: app, by: "carol")
        let lines = try await database.store.pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM tag_history ORDER BY id").map { row in
                let (from, to, at): (String?, String?, Int64) = (
                    row["from_digest"], row["to_digest"], row["moved_at"]
                )
                let seconds = Double(at) / 1e6 - Samples.date.timeIntervalSince1970
                return "\(from ?? "-") \(to ?? "-") \(Int(seconds))"
            }
        }
        let (first, second) = (pushes[0].digest, pushes[1].digest)
        #expect(
            lines == ["- \(gone) 1", "\(gone) \(first) 2", "\(first) \(second) 3", "\(second) - 0"],
            "from what to what and when, as it was there")
    }
}
