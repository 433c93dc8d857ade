import Audit
package import FoundationEssentials
import GRDB
package import OCI
package import Registry
package import ServerKit

extension SQLiteStore: BlobLinks {
    package func blob(_ digest: Digest, in repository: RepositoryName) async throws(StoreError) -> HeldBlob? {
        try await read("looking for \(digest) in \(repository)") { database in
            try database.row(Self.linkedBlob, [repository.text, digest.description]).map { row in
                HeldBlob(
                    size: try row.value(1, "size"), restsSince: try row.optionalDate(3, "link.rests_since"))
            }
        }
    }

    package func link(
        _ digest: Digest, size: Int64, in repository: RepositoryName, under conditions: RepositoryConditions,
        isPresent: @Sendable @escaping () throws -> Bool
    ) async throws(StoreError) {
        for _ in 1..<LeavingBlob.attempts {
            if try await linkOnce(digest, size: size, in: repository, under: conditions, isPresent) { return }
            try? await ContinuousClock().sleep(for: LeavingBlob.pause)
        }
        throw StoreError(.unavailable, "linking \(digest): its bytes are being removed; try again")
    }

    /// False while the blob's bytes are just going.
    private func linkOnce(
        _ digest: Digest, size: Int64, in repository: RepositoryName, under conditions: RepositoryConditions,
        _ isPresent: @Sendable @escaping () throws -> Bool
    ) async throws(StoreError) -> Bool {
        try await write("linking \(digest) in \(repository)", announcing: .registry) { [now] database in
            guard try !database.isLeaving(digest) else { return false }
            guard try isPresent() else { throw StoreError(.missing, "its bytes are gone") }
            if let row = try database.row(Self.linkedBlob, [repository.text, digest.description]) {
                try database.refresh(link: row.value(0, "id"), in: row.value(2, "repository"), at: now())
                return true
            }
            try database.require(conditions, roomFor: size)
            let blob: Int64? = try database.row(
                """
                INSERT INTO blob (digest, size) VALUES (?, ?)
                ON CONFLICT (digest) DO UPDATE SET unheld_since = NULL RETURNING id
                """, [digest.description, size])?.value(0, "id")
            guard let blob else { throw StoreError(.failed, "the blob's row was not made") }
            try database.run("DELETE FROM damage WHERE digest = ? AND repository = 0", [digest.description])
            let holder = try database.repository(repository, madeAt: now())
            try database.link(blob, digest, in: holder, at: now())
            return true
        }
    }

    package func mount(
        _ digest: Digest, from source: RepositoryName, in repository: RepositoryName,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> Int64? {
        try await write("mounting \(digest) of \(source) in \(repository)", announcing: .registry) {
            [now] database in
            guard let row = try database.row(Self.linkedBlob, [source.text, digest.description]) else {
                return nil
            }
            let (blob, size): (Int64, Int64) = (try row.value(0, "id"), try row.value(1, "size"))
            if try !database.has(Self.linkedBlob, [repository.text, digest.description]) {
                try database.require(conditions, roomFor: size)
            }
            let holder = try database.repository(repository, madeAt: now())
            try database.link(blob, digest, in: holder, at: now())
            return size
        }
    }

    package func unlink(
        _ digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool {
        try await write("taking \(digest) out of \(repository)", announcing: .registry) {
            [now, trail = trailNote] database in
            guard let row = try database.row(Self.linkedBlob, [repository.text, digest.description]) else {
                return false
            }
            let holder: Int64 = try row.value(2, "repository")
            try database.require(conditions, nothingKeptNeeds: digest, as: "blob", in: repository, holder)
            try database.unlink(row.value(0, "id"), from: holder, at: now())
            try trail.write(.delete, by: account, of: repository.text, "blob \(digest)", in: database)
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
                WHERE blob.digest = ? AND repository.removed_name IS NULL ORDER BY link.repository LIMIT ?
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
        if let follower {
            return try await SharedRemoval(store: self, follower: follower, remove: remove)
                .collect(unheldSince: moment, limit: limit)
        }
        // Alone in its transaction: were a link that others took away here rolled back after the bytes went,
        // it would point to nothing.
        return try await write("collecting blobs", isAlone: true) { database in
            let unheld = try database.rows(
                "SELECT id, digest, size FROM blob WHERE unheld_since <= ? ORDER BY unheld_since, id LIMIT ?",
                [moment.microseconds, limit]
            ) { row in
                (
                    id: try row.value(0, "id") as Int64,
                    digest: try row.parsed(1, "digest") { try Digest($0 as String) },
                    size: try row.value(2, "size") as Int64
                )
            }
            var forgotten: [Digest: Int64] = [:]
            let patience = Patience()
            for blob in unheld where forgotten.isEmpty || patience.lasts {
                try database.run("DELETE FROM blob WHERE id = ?", [blob.id])
                try remove(blob.digest)
                forgotten[blob.digest] = blob.size
            }
            return forgotten
        }
    }

    /// Of a repository's name and a digest: the blob's row and size, the repository's row, and since when the
    /// blob rests there; nothing for a blob that is known to be damaged.
    static let linkedBlob = """
        SELECT blob.id, blob.size, repository.id, link.rests_since
        FROM repository CROSS JOIN blob ON blob.digest = ?2
            CROSS JOIN link ON link.repository = repository.id AND link.blob = blob.id
        WHERE repository.name = ?1
            AND NOT EXISTS (
                SELECT 1 FROM damage WHERE damage.digest = blob.digest AND damage.repository = 0)
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

    /// Makes a blob visible in a repository, or takes it for fresh where it is visible already. It rests
    /// unless a manifest has come before it.
    fileprivate func link(_ blob: Int64, _ digest: Digest, in repository: Int64, at date: Date) throws {
        let isNeeded = try has(SQLiteStore.referenceToBlob, [repository, digest.description])
        try run(
            """
            INSERT INTO link (repository, blob, created_at, rests_since) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (repository, blob) DO UPDATE SET rests_since = ?4 WHERE rests_since IS NOT NULL
            """, [repository, blob, date.microseconds, isNeeded ? nil : date.microseconds])
    }

    /// Begins the rest of a blob in a repository anew, if it rests there.
    func refresh(link blob: Int64, in repository: Int64, at date: Date) throws {
        try run(
            """
            UPDATE link SET rests_since = ?
            WHERE repository = ? AND blob = ? AND rests_since IS NOT NULL
            """, [date.microseconds, repository, blob])
    }

    /// Takes a blob out of a repository, and notes when it was the last that held it.
    func unlink(_ blob: Int64, from repository: Int64, at date: Date) throws {
        try run("DELETE FROM link WHERE repository = ? AND blob = ?", [repository, blob])
        try run(
            """
            UPDATE blob SET unheld_since = ?
            WHERE id = ? AND NOT EXISTS (SELECT 1 FROM link WHERE link.blob = blob.id)
            """, [date.microseconds, blob])
    }
}

extension SQLiteStore {
    /// Of a repository's row and a digest: whether a manifest there refers to that blob.
    static let referenceToBlob = """
        SELECT 1 FROM manifest_reference WHERE repository = ? AND target = ? AND kind = 'blob'
        """
}
