import Access
import Accounts
import Contracts
import Doorkeeper
import Foundation
import GRDB
import OCI
import Registry
import Replication
import ServerKit
import Testing

@testable import SQLiteStore

/// The databases of several servers that share a log.
struct SharedDatabase {
    let log: any SharedLog
    let first: SQLiteStore
    let folder: TemporaryFolder
    private let now: @Sendable () -> Date

    /// - Parameter path: of a file that is there.
    init(
        _ log: any SharedLog = InMemoryLog(), first path: String? = nil,
        now: @Sendable @escaping () -> Date = { Samples.date }
    ) throws {
        self.log = log
        self.now = now
        self.folder = try TemporaryFolder()
        self.first = try SQLiteStore(
            path: path ?? "\(folder.path)/first.db", sharing: log, mayReplace: true, now: now)
    }

    /// Where another server's copy lies.
    func path(_ name: String) -> String { "\(folder.path)/\(name).db" }

    /// Another server's.
    func server(_ name: String, mayReplace: Bool = true) throws -> SQLiteStore {
        try SQLiteStore(path: path(name), sharing: log, mayReplace: mayReplace, now: now)
    }

    /// Runs `body` while another server changes something else all the time.
    func besideARival(
        _ noise: @escaping Noise = Self.bans, _ body: (SQLiteStore) async throws -> Void
    ) async throws {
        let rival = try server("rival")
        let noise = Task {
            var count = 0
            while !Task.isCancelled {
                count += 1
                try await noise(rival, count)
                try? await ContinuousClock().sleep(for: .milliseconds(3))
            }
        }
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(first)) } catch { outcome = .failure(error) }
        noise.cancel()
        try await noise.value
        try outcome.get()
        try await expectAlike([first, rival, server("newcomer")])
    }

    typealias Noise = @Sendable (SQLiteStore, Int) async throws -> Void

    static let bans: Noise = { store, count in
        guard let range = AddressRange("192.0.2.\(count % 7)") else { return }
        try await store.save([
            Ban(range: range, since: Samples.date, until: nil, reason: "\(count)", isAutomatic: false)
        ])
    }

    static let people: Noise = { store, count in
        try await store.save(
            Person(
                account: AccountName("rival-\(count % 7)"), provider: "p", subject: "s", labels: Labels(),
                grant: [1], confirmedAt: Samples.date.addingTimeInterval(Double(count)),
                createdAt: Samples.date))
    }

    /// Copies that have seen the whole log hold the same rows.
    func expectAlike(_ stores: [SQLiteStore]) async throws {
        var texts: [String] = []
        for store in stores {
            await store.catchUp()
            texts.append(try await store.pool.read(Self.text))
        }
        for text in texts.dropFirst() where text != texts[0] {
            let (one, other) = (texts[0].split(separator: "\n"), text.split(separator: "\n"))
            Issue.record("copies differ: \(other.difference(from: one).prefix(6))")
        }
    }

    /// All rows of all tables.
    static func text(_ database: GRDB.Database) throws -> String {
        let tables = try String.fetchAll(
            database,
            sql: """
                SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                    AND name NOT LIKE 'grdb%' AND name <> 'log_place' ORDER BY name
                """)
        return try tables.map { table in
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM \(table)").map { "\(table): \($0)" }
            return rows.sorted().joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
