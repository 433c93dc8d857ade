package import FoundationEssentials
import GRDB
package import OCI
import Registry
package import ServerKit

extension SQLiteStore: BlobLinks {
    package func size(of digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Int64? {
        try await read("looking for \(digest) in \(repository)") { database in
            try database.row(Self.linkedBlob, [repository.text, digest.description])?.value(1, "size")
        }
    }

    package func link(
        _ digest: Digest, size: Int64, in repository: RepositoryName,
        isPresent: @Sendable @escaping () throws -> Bool
    ) async throws(StoreError) {
        try await write("linking \(digest) in \(repository)", announcing: .registry) { [now] database in
            guard try isPresent() else { throw StoreError(.missing, "its bytes are gone") }
            guard try !database.has(Self.linkedBlob, [repository.text, digest.description]) else { return }
            let blob: Int64? = try database.row(
                """
                INSERT INTO blob (digest, size) VALUES (?, ?)
                ON CONFLICT (digest) DO UPDATE SET unheld_since = NULL RETURNING id
                """, [digest.description, size])?.value(0, "id")
            try database.link(blob, in: try database.repository(repository, madeAt: now()), at: now())
        }
    }

    package func mount(_ digest: Digest, from source: RepositoryName, in repository: RepositoryName)
        async throws(StoreError) -> Int64?
    {
        try await write("mounting \(digest) of \(source) in \(repository)", announcing: .registry) {
            [now] database in
            guard let row = try database.row(Self.linkedBlob, [source.text, digest.description]) else {
                return nil
            }
            let (blob, size): (Int64, Int64) = (try row.value(0, "id"), try row.value(1, "size"))
            try database.link(blob, in: try database.repository(repository, madeAt: now()), at: now())
            return size
        }
    }

    package func unlink(_ digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Bool {
        try await write("taking \(digest) out of \(repository)", announcing: .registry) { [now] database in
            guard let row = try database.row(Self.linkedBlob, [repository.text, digest.description]) else {
                return false
            }
            let blob: Int64 = try row.value(0, "id")
            let holder: Int64 = try row.value(2, "repository")
            try database.run("DELETE FROM link WHERE repository = ? AND blob = ?", [holder, blob])
            try database.run(
                """
                UPDATE blob SET unheld_since = ?
                WHERE id = ? AND NOT EXISTS (SELECT 1 FROM link WHERE link.blob = blob.id)
                """, [now().microseconds, blob])
            return true
        }
    }

    package func repositories(holding digest: Digest, limit: Int) async throws(StoreError)
        -> [RepositoryName]
    {
        try await read("looking for holders of \(digest)") { database in
            try database.rows(
                """
                SELECT repository.name
                FROM blob CROSS JOIN link ON link.blob = blob.id
                    CROSS JOIN repository ON repository.id = link.repository
                WHERE blob.digest = ? ORDER BY link.repository LIMIT ?
                """, [digest.description, limit]
            ) { try $0.parsed(0, "repository.name") { try RepositoryName($0) } }
        }
    }

    package func missing(_ digests: [Digest], in repository: RepositoryName) async throws(StoreError)
        -> [Digest]
    {
        try await readTogether("looking for blobs in \(repository)") { database in
            try digests.filter { try !database.has(Self.linkedBlob, [repository.text, $0.description]) }
        }
    }

    package func collect(
        unheldSince moment: Date, limit: Int, remove: @Sendable @escaping (Digest) throws -> Void
    ) async throws(StoreError) -> [Digest: Int64] {
        // Alone in its transaction: were a link that others took away here rolled back after the bytes went,
        // it would point to nothing.
        try await write("collecting blobs", isAlone: true) { database in
            let unheld = try database.rows(
                "SELECT id, digest, size FROM blob WHERE unheld_since <= ? ORDER BY unheld_since LIMIT ?",
                [moment.microseconds, limit]
            ) { row in
                (
                    id: try row.value(0, "id") as Int64,
                    digest: try row.parsed(1, "digest") { try Digest($0 as String) },
                    size: try row.value(2, "size") as Int64
                )
            }
            var forgotten: [Digest: Int64] = [:]
            for blob in unheld {
                try database.run("DELETE FROM blob WHERE id = ?", [blob.id])
                try remove(blob.digest)
                forgotten[blob.digest] = blob.size
            }
            return forgotten
        }
    }

    /// Of a repository's name and a digest: the blob's row and size, and the repository's row.
    static let linkedBlob = """
        SELECT blob.id, blob.size, repository.id
        FROM repository CROSS JOIN blob ON blob.digest = ?2
            CROSS JOIN link ON link.repository = repository.id AND link.blob = blob.id
        WHERE repository.name = ?1
        """
}

extension Database {
    /// The row of a repository, or nil.
    func repository(_ name: RepositoryName) throws -> Int64? {
        try row("SELECT id FROM repository WHERE name = ?", [name.text])?.value(0, "id")
    }

    /// The row of a repository, which is made where it is not there.
    func repository(_ name: RepositoryName, madeAt date: Date) throws -> Int64 {
        if let id = try repository(name) { return id }
        try run(
            "INSERT INTO repository (name, created_at) VALUES (?, ?)", [name.text, date.microseconds])
        return lastInsertedRowID
    }

    fileprivate func link(_ blob: Int64?, in repository: Int64, at date: Date) throws {
        try run(
            "INSERT OR IGNORE INTO link (repository, blob, created_at) VALUES (?, ?, ?)",
            [repository, blob, date.microseconds])
    }
}
