import Access
import Accounts
import Contracts
import Foundation
import GRDB
import OCI
import Registry
import ServerKit
import Testing

@testable import SQLiteStore

/// What holds of the file itself: who may read it, what is refused, what survives.
@Suite(.timeLimit(.minutes(1))) struct FileTests {
    @Test func onlyTheOwnerMayReadTheFiles() throws {
        let database = try Database()
        let names = try FileManager.default.contentsOfDirectory(atPath: database.folder.path)
        #expect(Set(names) == ["homeport.db", "homeport.db-wal", "homeport.db-shm", "homeport.db-changes"])
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(
                atPath: "\(database.folder.path)/\(name)")
            #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
        }
    }

    @Test func commitsAreSyncedAndForeignKeysKept() async throws {
        let database = try Database()
        func pragma(_ name: String) async throws -> String? {
            try await database.store.pool.writeWithoutTransaction { database in
                try String.fetchOne(database, sql: "PRAGMA \(name)")
            }
        }
        #expect(try await pragma("journal_mode") == "wal")
        #expect(try await pragma("synchronous") == "2")
        #expect(try await pragma("foreign_keys") == "1")
    }

    @Test func whatWasStoredIsThereAfterClosing() async throws {
        let database = try Database()
        let app = try Samples.repository("team/app")
        try await database.store.link(Samples.digest(1), size: 3, in: app) { true }
        let token = StoredToken(
            id: try #require(TokenID("aaaaaaaaaaaaaaaa")), kind: .access, account: .anonymous, name: "t",
            secretHash: [1], createdAt: Samples.date, expires: nil)
        try await database.store.add(token)
        try await database.store.noteUse(token.id, at: Samples.date)
        try await database.store.close()

        let reopened = try database.opened()
        #expect(try await reopened.store.size(of: Samples.digest(1), in: app) == 3)
        #expect(try await reopened.store.token(token.id)?.lastUsed == Samples.date, "closing wrote down uses")
        await expect(.failed, "a closed store says so") { _ = try await database.store.rules() }
        await expect(.failed, "also when it is to write") {
            try await database.store.end(Samples.uploadID(1))
        }
    }

    @Test func aFileThatIsNoDatabaseIsRefused() throws {
        let folder = try TemporaryFolder()
        try Data("this is a diary, not a database, and it is long enough to be taken for one".utf8)
            .write(to: URL(filePath: "\(folder.path)/homeport.db"))
        let error = #expect(throws: StoreError.self) { try Database(in: folder) }
        #expect(error?.kind == .damaged)
    }

    @Test func aDatabaseOfAnotherProgramIsRefused() throws {
        let folder = try TemporaryFolder()
        let other = try DatabaseQueue(path: "\(folder.path)/homeport.db")
        try other.write { try $0.execute(sql: "CREATE TABLE recipe (id INTEGER PRIMARY KEY)") }
        try other.close()
        let error = #expect(throws: StoreError.self) { try Database(in: folder) }
        #expect(error?.kind == .damaged)
        #expect(error?.description.contains("another program") == true)
    }

    @Test func aDatabaseFromANewerVersionIsRefusedWithASentence() async throws {
        let database = try Database()
        try await database.store.pool.write { database in
            try database.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99 the future')")
        }
        try await database.store.close()
        let error = #expect(throws: StoreError.self) { try database.opened() }
        #expect(error?.kind == .failed)
        #expect(error?.description.contains("was written by a newer version of homeport") == true)
    }

    @Test func manyMayOpenAtOnce() async throws {
        let folder = try TemporaryFolder()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let database = try Database(in: folder)
                    let app = try Samples.repository("app\(number)")
                    try await database.store.link(Samples.digest(number), size: 1, in: app) { true }
                }
            }
            try await group.waitForAll()
        }
        let store = try Database(in: folder).store
        for number in 0..<8 {
            let app = try Samples.repository("app\(number)")
            #expect(try await store.size(of: Samples.digest(number), in: app) == 1)
        }
    }

    @Test func aPowerLossInTheMiddleOfAWriteLosesThatWriteAlone() async throws {
        let database = try Database()
        let app = try Samples.repository("team/app")
        for number in 0..<10 {
            try await database.store.link(Samples.digest(number), size: 1, in: app) { true }
        }
        // What is on the disk now, but for the end of the last write; the store is still open.
        let after = try TemporaryFolder()
        try FileManager.default.copyItem(atPath: database.path, toPath: "\(after.path)/homeport.db")
        // The log has room behind what was written, all zeros.
        let log = try Data(contentsOf: URL(filePath: "\(database.path)-wal"))
        let end = try #require(log.lastIndex { $0 != 0 })
        try log[...end].dropLast(100).write(to: URL(filePath: "\(after.path)/homeport.db-wal"))

        let store = try Database(in: after).store
        let missing = try await store.missing((0..<10).map { Samples.digest($0) }, in: app)
        #expect(missing == [Samples.digest(9)])
        try await store.link(Samples.digest(9), size: 1, in: app) { true }
        #expect(try await store.summary(of: app)?.size == 10)
    }

    @Test func aRowThatCannotBeReadIsNamed() async throws {
        let database = try Database()
        let (app, tag) = (try Samples.repository("team/app"), try Samples.tag("v1"))
        try await database.store.link(Samples.digest(1), size: 2, in: app) { true }
        let push = try Samples.push(Samples.image(config: Samples.digest(1)), tags: ["v1"])
        _ = try await database.store.put(push, in: app)
        try await database.store.pool.write { database in
            try database.execute(sql: "UPDATE manifest SET digest = 'sha256:short'")
        }
        do throws(StoreError) {
            _ = try await database.store.digest(of: tag, in: app)
            Issue.record("a broken digest was read")
        } catch {
            #expect(error.kind == .damaged)
            #expect(error.description.contains("tag v1 of team/app"))
            #expect(error.description.contains("manifest.digest"))
        }
    }

    @Test(
        arguments: [
            (.SQLITE_FULL, .full), (.SQLITE_BUSY, .unavailable), (.SQLITE_BUSY_SNAPSHOT, .unavailable),
            (.SQLITE_IOERR, .failed), (.SQLITE_IOERR_SHMSIZE, .full), (.SQLITE_CORRUPT, .damaged),
            (.SQLITE_NOTADB, .damaged), (.SQLITE_CONSTRAINT_UNIQUE, .conflict), (.SQLITE_READONLY, .failed),
        ] as [(ResultCode, StoreError.Kind)])
    func anErrorOfSQLiteSaysWhatCallersCanDo(_ code: ResultCode, _ kind: StoreError.Kind) {
        let error = StoreError(from: DatabaseError(resultCode: code), "counting sheep")
        #expect(error.kind == kind)
        #expect(error.description.hasPrefix("counting sheep: "))
    }
}
