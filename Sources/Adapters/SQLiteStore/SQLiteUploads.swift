package import FoundationEssentials
import GRDB
import OCI
package import Registry
package import ServerKit

/// No answer to a client rests on these rows alone, so they do not wait for the disk: a power loss may take the
/// last of them. An upload without a row is swept away, and one without bytes is not found.
extension SQLiteStore: UploadLedger {
    package func begin(_ upload: UploadRecord) async throws(StoreError) {
        try await write("beginning upload \(upload.id)", isLazy: true) { database in
            try database.run(
                """
                INSERT INTO upload (id, repository, account, algorithm, started_at, moved_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    upload.id.description, upload.repository.text, upload.account, upload.algorithm.rawValue,
                    upload.startedAt.microseconds, upload.movedAt.microseconds,
                ])
        }
    }

    package func upload(_ id: UploadID) async throws(StoreError) -> UploadRecord? {
        try await read("reading upload \(id)") { database in
            try database.row("SELECT \(Self.uploadColumns) FROM upload WHERE id = ?", [id.description])
                .map(Self.uploadRecord)
        }
    }

    package func touch(_ id: UploadID, at date: Date) async throws(StoreError) {
        try await write("noting that upload \(id) moved", isLazy: true) { database in
            try database.run(
                "UPDATE upload SET moved_at = ? WHERE id = ?", [date.microseconds, id.description])
        }
    }

    package func end(_ id: UploadID) async throws(StoreError) {
        try await write("ending upload \(id)", isLazy: true) { database in
            try database.run("DELETE FROM upload WHERE id = ?", [id.description])
        }
    }

    package func end(_ id: UploadID, ifIdleSince moment: Date) async throws(StoreError) -> Bool {
        try await write("ending upload \(id)") { database in
            try database.run(
                "DELETE FROM upload WHERE id = ? AND moved_at <= ?", [id.description, moment.microseconds])
            return database.changesCount > 0
        }
    }

    package func idle(since moment: Date, limit: Int) async throws(StoreError) -> [UploadRecord] {
        try await read("listing idle uploads") { database in
            try database.rows(
                "SELECT \(Self.uploadColumns) FROM upload WHERE moved_at <= ? ORDER BY moved_at LIMIT ?",
                [moment.microseconds, limit], Self.uploadRecord)
        }
    }

    private static let uploadColumns = "id, repository, account, algorithm, started_at, moved_at"

    private static func uploadRecord(_ row: Row) throws -> UploadRecord {
        UploadRecord(
            id: try row.parsed(0, "upload.id") { (text: String) in UploadID(text[...]) },
            repository: try row.parsed(1, "upload.repository") { try RepositoryName($0 as String) },
            account: try row.value(2, "upload.account"),
            algorithm: try row.parsed(3, "upload.algorithm") { Digest.Algorithm(rawValue: $0) },
            startedAt: try row.date(4, "upload.started_at"), movedAt: try row.date(5, "upload.moved_at"))
    }
}
