import Foundation
import GRDB
package import OCI
package import Registry
package import ServerKit

extension SQLiteStore: DamageLedger {
    package func note(_ damage: Damage, isStillSo: @Sendable @escaping () throws -> Bool)
        async throws(StoreError) -> Bool
    {
        let digest = damage.subject.digest
        return try await write("noting that \(digest) is damaged", announcing: .registry) { database in
            guard let repository = try database.holder(of: damage.subject), try isStillSo() else {
                return false
            }
            try database.run(
                """
                INSERT OR IGNORE INTO damage (digest, repository, problem, detail, found_at, kept_at)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    digest.description, repository, damage.problem.rawValue, damage.detail,
                    damage.foundAt.microseconds, damage.keptAt,
                ])
            return true
        }
    }

    package func forget(_ subject: Damage.Subject) async throws(StoreError) -> Bool {
        // Most are not damaged, and looking costs no turn at writing.
        guard try await isDamaged(subject) else { return false }
        return try await write("noting that \(subject.digest) is mended", announcing: .registry) { database in
            guard let repository = try database.holder(of: subject) else { return false }
            try database.run(
                "DELETE FROM damage WHERE digest = ? AND repository = ?",
                [subject.digest.description, repository])
            return database.changesCount > 0
        }
    }

    package func isDamaged(_ subject: Damage.Subject) async throws(StoreError) -> Bool {
        try await readTogether("looking whether \(subject.digest) is damaged") { database in
            guard let repository = try database.holder(of: subject) else { return false }
            return try database.has(
                "SELECT 1 FROM damage WHERE digest = ? AND repository = ?",
                [subject.digest.description, repository])
        }
    }

    package func damages(limit: Int) async throws(StoreError) -> [Damage] {
        try await read("listing what is damaged") { database in
            try database.rows(
                """
                SELECT damage.digest, repository.name, damage.problem, damage.detail, damage.found_at,
                    damage.kept_at
                FROM damage LEFT JOIN repository ON repository.id = damage.repository
                WHERE repository.removed_name IS NULL ORDER BY damage.id LIMIT ?
                """, [limit], Self.damage)
        }
    }

    package func damageCount() async throws(StoreError) -> Int {
        try await read("counting what is damaged") { database in
            try database.row(
                """
                SELECT count(*) FROM damage LEFT JOIN repository ON repository.id = damage.repository
                WHERE repository.removed_name IS NULL
                """)?.value(0, "count") ?? 0
        }
    }

    package func hits(of subject: Damage.Subject, limit: Int) async throws(StoreError) -> [DamageHit] {
        switch subject {
        case .manifest(let digest, let repository):
            return [
                DamageHit(repository: repository, tags: try await tags(leadingTo: digest, in: repository))
            ]
        case .blob(let digest):
            var hits: [DamageHit] = []
            for repository in try await repositories(holding: digest, limit: limit).sorted() {
                hits.append(
                    DamageHit(repository: repository, tags: try await tags(needing: digest, in: repository)))
            }
            return hits
        }
    }

    /// The tags whose manifests, or those below them, refer to a blob.
    private func tags(needing blob: Digest, in repository: RepositoryName) async throws(StoreError) -> [Tag] {
        try await readTogether("looking for tags that need \(blob)") { database in
            guard let holder = try database.repository(repository) else { return [] }
            return try database.rows(
                """
                WITH RECURSIVE leading (id) AS (
                    SELECT manifest FROM manifest_reference
                    WHERE repository = ?1 AND target = ?2 AND kind = 'blob'
                    UNION
                    SELECT above.manifest
                    FROM leading CROSS JOIN manifest AS below ON below.id = leading.id
                        CROSS JOIN manifest_reference AS above
                            ON above.repository = ?1 AND above.target = below.digest
                            AND above.kind = 'manifest'
                )
                SELECT tag.name FROM leading CROSS JOIN tag ON tag.manifest = leading.id ORDER BY tag.name
                """, [holder, blob.description]
            ) { try $0.parsed(0, "tag.name") { try Tag($0 as String) } }
        }
    }

    private static func damage(_ row: Row) throws -> Damage {
        let digest = try row.parsed(0, "damage.digest") { try Digest($0 as String) }
        let repository = try (row.optional(1, "repository.name") as String?).map { try RepositoryName($0) }
        return Damage(
            repository.map { .manifest(digest, $0) } ?? .blob(digest),
            try row.parsed(2, "damage.problem") { Damage.Problem(rawValue: $0) },
            detail: try row.value(3, "damage.detail"), foundAt: try row.date(4, "damage.found_at"),
            keptAt: try row.optional(5, "damage.kept_at"))
    }
}

extension SQLiteStore: CheckLedger {
    package func extent() async throws(StoreError) -> CheckExtent {
        try await readTogether("adding up what there is") { database in
            let blobs = try database.row("SELECT count(*), coalesce(sum(size), 0) FROM blob")
            let manifests = try database.row(
                "SELECT coalesce(sum(manifest_count), 0) FROM repository WHERE removed_name IS NULL")
            return CheckExtent(
                blobs: try blobs?.value(0, "count") ?? 0, bytes: try blobs?.value(1, "size") ?? 0,
                manifests: try manifests?.value(0, "count") ?? 0)
        }
    }

    package func blobRecords(after last: Digest?, limit: Int) async throws(StoreError) -> [BlobRecord] {
        try await read("listing blobs") { database in
            try database.rows(
                "SELECT digest, size FROM blob WHERE digest > ? ORDER BY digest LIMIT ?",
                [last?.description ?? "", limit]
            ) { row in
                BlobRecord(
                    digest: try row.parsed(0, "blob.digest") { try Digest($0 as String) },
                    size: try row.value(1, "blob.size"))
            }
        }
    }

    package func unrecorded(_ digests: [Digest]) async throws(StoreError) -> [Digest] {
        try await readTogether("looking for rows of blobs") { database in
            try digests.filter { try !database.has("SELECT 1 FROM blob WHERE digest = ?", [$0.description]) }
        }
    }

    package func manifestRecords(after last: Int64, limit: Int) async throws(StoreError) -> [ManifestRecord] {
        try await read("listing manifests") { database in
            try database.rows(
                """
                SELECT manifest.id, repository.name, manifest.digest, manifest.media_type, manifest.bytes
                FROM manifest CROSS JOIN repository ON repository.id = manifest.repository
                WHERE manifest.id > ? AND repository.removed_name IS NULL ORDER BY manifest.id LIMIT ?
                """, [last, limit]
            ) { row in
                ManifestRecord(
                    position: try row.value(0, "manifest.id"),
                    repository: try row.parsed(1, "repository.name") { try RepositoryName($0 as String) },
                    manifest: StoredManifest(
                        digest: try row.parsed(2, "manifest.digest") { try Digest($0 as String) },
                        mediaType: MediaType(try row.value(3, "manifest.media_type")),
                        bytes: try row.parsed(4, "manifest.bytes") { (data: Data) in Array(data) }))
            }
        }
    }

    package func progress(of check: String) async throws(StoreError) -> CheckProgress? {
        try await read("reading how far a check has come") { database in
            try database.row("SELECT progress FROM check_progress WHERE name = ?", [check])?
                .json(0, "check_progress.progress")
        }
    }

    package func save(_ progress: CheckProgress, of check: String) async throws(StoreError) {
        try await write("keeping how far a check has come") { database in
            try database.run(
                "INSERT OR REPLACE INTO check_progress (name, progress) VALUES (?, ?)",
                [check, try json(progress)])
        }
    }
}

extension Database {
    /// The repository's number under which damage is noted; nil when what is damaged has no row.
    fileprivate func holder(of subject: Damage.Subject) throws -> Int64? {
        switch subject {
        case .blob(let digest):
            try has("SELECT 1 FROM blob WHERE digest = ?", [digest.description]) ? 0 : nil
        case .manifest(let digest, let repository):
            try row(
                """
                SELECT repository.id
                FROM repository CROSS JOIN manifest ON manifest.repository = repository.id
                WHERE repository.name = ? AND manifest.digest = ?
                """, [repository.text, digest.description])?.value(0, "repository.id")
        }
    }
}
