import Contracts
import Foundation
import GRDB
import OCI
import Registry
import Synchronization
import Testing

@testable import SQLiteStore

/// No query may look at all rows of a table that grows: its cost is per page, whatever else there is.
@Suite(.timeLimit(.minutes(5))) struct CostTests {
    /// Few rows by nature or by a limit: rules, keys and bans are read whole.
    private static let smallTables = ["rule", "signing_key", "ban"]

    private static let clock = ContractClock()

    /// Everything that the store can be asked, each on a store of its own.
    private static let checks: [@Sendable (SQLiteStore) async throws -> Void] = [
        { try await checkBlobLinksContract($0) },
        { try await checkManifestStoreContract($0) },
        { try await checkUploadLedgerContract($0) },
        { try await checkGarbageStoreContract($0, clock) },
        { try await checkTagHistoryContract($0, clock) },
        { try await checkConditionsContract($0) },
        { try await checkRetentionStoreContract($0) },
        { try await checkRegistryCensusContract($0) },
        { try await checkAuditTrailContract($0) },
        { try await checkBanStoreContract($0) },
        { store in
            try await checkTokenStoreContract(store)
            try await store.writeTokenUses()
            try await checkAccountStoreContract(store, tokens: store)
        },
        { try await checkRuleStoreContract($0) },
        { try await checkSigningKeyStoreContract($0) },
    ]

    @Test func everyStatementFindsItsRowsByAnIndex() async throws {
        let statements = Mutex<Set<String>>([])
        var seen: Set<String> = []
        var database = try Database()
        for check in Self.checks {
            database = try Database(
                now: { Self.clock.now }, trace: { sql in statements.withLock { _ = $0.insert(sql) } })
            statements.withLock { $0 = [] }
            try await check(database.store)
            seen.formUnion(statements.withLock(\.self))
        }
        let store = database.store
        let all = seen.filter { sql in
            ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains { sql.hasPrefix($0) }
                && !sql.contains("sqlite_")
        }
        #expect(all.count > 40, "the contracts run what the store can run")
        for sql in all {
            let plan = try await plan(of: sql, store)
            for step in plan where isScanOfManyRows(step) { Issue.record("\(step) in \(sql)") }
            let sorts = plan.contains { $0.contains("TEMP B-TREE") }
            #expect(!sorts || sql.contains("leading"), "a page is read in order, not sorted: \(sql)")
        }
    }

    @Test func aStatementThatLooksAtAllRowsWouldBeSeen() async throws {
        let database = try Database()
        let steps = try await plan(of: "SELECT name FROM tag WHERE moved_by = ?", database.store)
        #expect(steps.contains(where: isScanOfManyRows))
    }

    private func plan(of sql: String, _ store: SQLiteStore) async throws -> [String] {
        try await store.pool.writeWithoutTransaction { database in
            let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
            // Parameters that are not bound are NULL, which makes no difference to the plan.
            statement.setUncheckedArguments([])
            return try Row.fetchAll(statement).map { $0["detail"] }
        }
    }

    private func isScanOfManyRows(_ step: String) -> Bool {
        // The step of a recursive query that reads its own queue, and a constant row, are no tables.
        let harmless = ["leading", "CONSTANT ROW"] + Self.smallTables
        return step.hasPrefix("SCAN") && !harmless.contains { step.hasPrefix("SCAN \($0)") }
    }
}
