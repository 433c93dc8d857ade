import Contracts
import Foundation
import GRDB
import OCI
import Registry
import Synchronization
import Testing

@testable import SQLiteStore

/// No query may look at all rows of a table that grows: its cost is per page, whatever else there is.
@Suite(.timeLimit(.minutes(1))) struct CostTests {
    /// Few rows by nature: rules and keys are read whole.
    private static let smallTables = ["rule", "signing_key"]

    @Test func everyStatementFindsItsRowsByAnIndex() async throws {
        let statements = Mutex<Set<String>>([])
        let database = try Database(trace: { sql in statements.withLock { _ = $0.insert(sql) } })
        statements.withLock { $0 = [] }
        let store = database.store
        try await checkBlobLinksContract(store)
        try await checkManifestStoreContract(store)
        try await checkUploadLedgerContract(store)
        try await checkTokenStoreContract(store)
        try await store.writeTokenUses()
        try await checkAccountStoreContract(store, tokens: store)
        try await checkRuleStoreContract(store)
        try await checkSigningKeyStoreContract(store)

        let seen = statements.withLock(\.self).filter { sql in
            ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains { sql.hasPrefix($0) }
                && !sql.contains("sqlite_")
        }
        #expect(seen.count > 40, "the contracts run what the store can run")
        for sql in seen {
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
