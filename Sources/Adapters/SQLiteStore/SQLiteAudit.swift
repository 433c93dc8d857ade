package import Audit
package import FoundationEssentials
import GRDB
package import ServerKit

extension SQLiteStore: AuditTrail {
    package func record(_ events: [AuditEvent]) async throws(StoreError) {
        guard !events.isEmpty else { return }
        try await write("writing to the trail") { database in
            for event in events { try database.record(event) }
        }
    }

    package func entries(_ filter: AuditFilter, after last: AuditEntry?, limit: Int)
        async throws(StoreError) -> [AuditEntry]
    {
        let beginning = filter.until.map { $0.microseconds } ?? .max
        var conditions = ["(at, id) < (?, ?)"]
        var arguments: StatementArguments = [
            last?.event.at.microseconds ?? beginning, last?.id ?? Int64.max,
        ]
        func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            conditions.append(condition)
            arguments += [value]
        }
        add("at >= ?", filter.since?.microseconds)
        add("account = ?", filter.account)
        add("subject = ?", filter.subject)
        add("action = ?", filter.action?.rawValue)
        let sql = """
            SELECT id, at, account, address, request, origin, action, outcome, subject, detail, count
            FROM audit WHERE \(conditions.joined(separator: " AND ")) ORDER BY at DESC, id DESC LIMIT ?
            """
        arguments += [limit]
        return try await read("reading the trail") { [arguments] database in
            try database.rows(sql, arguments, Self.auditEntry)
        }
    }

    package func forget(before moment: Date, keeping count: Int, limit: Int) async throws(StoreError) -> Int {
        try await write("forgetting old entries of the trail") { database in
            try database.run(
                "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY at, id LIMIT ?)",
                [moment.microseconds, limit])
            let old = database.changesCount
            // Only the oldest ever go, so the numbers of those that are there leave no gap.
            let newest: Int64 = try database.row("SELECT max(id) FROM audit")?.optional(0, "id") ?? 0
            try database.run(
                "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id <= ? ORDER BY id LIMIT ?)",
                [newest - Int64(count), limit - old])
            return old + database.changesCount
        }
    }

    private static func auditEntry(_ row: Row) throws -> AuditEntry {
        let origin: String = try row.value(5, "audit.origin")
        let account: String = try row.value(2, "audit.account")
        return AuditEntry(
            id: try row.value(0, "audit.id"),
            event: AuditEvent(
                at: try row.date(1, "audit.at"), account: account,
                origin: RequestOrigin(
                    address: try row.optional(3, "audit.address"),
                    requestID: try row.optional(4, "audit.request"),
                    commandUser: origin == Database.commandOrigin ? account : nil),
                action: try row.parsed(6, "audit.action") { AuditAction(rawValue: $0) },
                outcome: try row.parsed(7, "audit.outcome") { AuditOutcome(rawValue: $0) },
                subject: try row.value(8, "audit.subject"),
                detail: try row.optional(9, "audit.detail") ?? "",
                count: try row.value(10, "audit.count")))
    }
}

/// What a change writes about itself into the trail, by the transaction that makes it.
struct TrailNote: Sendable {
    private let origin = RequestOrigin.current
    let kinds: Set<AuditKind>
    let date: Date

    /// - Parameters:
    ///   - account: who did it; whoever typed the command where it was one.
    ///   - subject: what it was done to.
    func write(
        _ action: AuditAction, by account: String = "", of subject: String, _ detail: String = "",
        in database: Database
    ) throws {
        guard kinds.contains(action.kind) else { return }
        try database.record(
            AuditEvent(
                at: date, account: account, origin: origin, action: action, subject: subject, detail: detail))
    }
}

extension SQLiteStore {
    /// To be asked for in the caller's task, before the transaction.
    var trailNote: TrailNote { TrailNote(kinds: auditedKinds, date: now()) }
}

extension Database {
    static let commandOrigin = "command"

    fileprivate func record(_ event: AuditEvent) throws {
        let origin = event.origin
        let kind =
            origin.commandUser != nil ? Self.commandOrigin : origin.requestID != nil ? "request" : "server"
        try run(
            """
            INSERT INTO audit (at, account, address, request, origin, action, outcome, subject, detail, count)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                event.at.microseconds, origin.commandUser ?? event.account, origin.address, origin.requestID,
                kind, event.action.rawValue, event.outcome.rawValue, event.subject,
                event.detail.isEmpty ? nil : event.detail, event.count,
            ])
    }
}
