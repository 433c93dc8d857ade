import Foundation
import GRDB
package import OCI
package import Registry
package import ServerKit

extension SQLiteStore {
    package func digest(of tag: Tag, in repository: RepositoryName) async throws(StoreError) -> Digest? {
        try await read("reading tag \(tag) of \(repository)") { database in
            try database.row(
                """
                SELECT manifest.digest
                FROM repository CROSS JOIN tag ON tag.repository = repository.id
                    CROSS JOIN manifest ON manifest.id = tag.manifest
                WHERE repository.name = ? AND tag.name = ?
                """, [repository.text, tag.text])?.parsed(0, "manifest.digest") { try Digest($0 as String) }
        }
    }

    package func remove(_ tag: Tag, in repository: RepositoryName, by account: String)
        async throws(StoreError) -> Bool
    {
        try await write("removing tag \(tag) of \(repository)", announcing: .registry) { [now] database in
            guard let holder = try database.repository(repository),
                let target = try database.target(of: tag, in: holder)
            else { return false }
            try database.run("DELETE FROM tag WHERE repository = ? AND name = ?", [holder, tag.text])
            try database.note(
                tag, from: target.digest, to: nil, at: now(), by: account, in: holder)
            return true
        }
    }

    package func tags(in repository: RepositoryName, after last: Tag?, limit: Int) async throws(StoreError)
        -> [Tag]?
    {
        try await readTogether("listing tags of \(repository)") { database in
            guard let holder = try database.repository(repository) else { return nil }
            return try database.rows(
                "SELECT name FROM tag WHERE repository = ? AND name > ? ORDER BY name LIMIT ?",
                [holder, last?.text ?? "", limit]
            ) { try $0.parsed(0, "tag.name") { try Tag($0 as String) } }
        }
    }

    package func tags(leadingTo digest: Digest, in repository: RepositoryName) async throws(StoreError)
        -> [Tag]
    {
        try await readTogether("looking for tags that lead to \(digest)") { database in
            guard let holder = try database.repository(repository) else { return [] }
            return try database.rows(
                """
                WITH RECURSIVE leading (id) AS (
                    SELECT id FROM manifest WHERE repository = ?1 AND digest = ?2
                    UNION
                    SELECT above.manifest
                    FROM leading CROSS JOIN manifest AS below ON below.id = leading.id
                        CROSS JOIN manifest_reference AS above
                            ON above.repository = ?1 AND above.target = below.digest
                            AND above.kind = 'manifest'
                )
                SELECT tag.name FROM leading CROSS JOIN tag ON tag.manifest = leading.id ORDER BY tag.name
                """, [holder, digest.description]
            ) { try $0.parsed(0, "tag.name") { try Tag($0 as String) } }
        }
    }

    package func repositories(after last: RepositoryName?, limit: Int) async throws(StoreError)
        -> [RepositoryName]
    {
        try await read("listing repositories") { database in
            try database.rows(
                "SELECT name FROM repository WHERE manifest_count > 0 AND name > ? ORDER BY name LIMIT ?",
                [last?.text ?? "", limit]
            ) { try $0.parsed(0, "repository.name") { try RepositoryName($0 as String) } }
        }
    }

    package func summary(of repository: RepositoryName) async throws(StoreError) -> RepositorySummary? {
        try await read("summing up \(repository)") { database in
            try database.row(
                "SELECT tag_count, manifest_count, size, last_push_at FROM repository WHERE name = ?",
                [repository.text]
            ).map { row in
                RepositorySummary(
                    name: repository, tagCount: try row.value(0, "tag_count"),
                    manifestCount: try row.value(1, "manifest_count"), size: try row.value(2, "size"),
                    lastPush: try row.optionalDate(3, "last_push_at"))
            }
        }
    }

    package func removeRepository(_ repository: RepositoryName) async throws(StoreError) -> Bool {
        try await write("removing repository \(repository)", announcing: .registry) { [now] database in
            guard let holder = try database.repository(repository) else { return false }
            try database.run(
                """
                UPDATE blob SET unheld_since = ?1
                WHERE id IN (SELECT blob FROM link WHERE repository = ?2)
                    AND NOT EXISTS (
                        SELECT 1 FROM link WHERE link.blob = blob.id AND link.repository <> ?2)
                """, [now().microseconds, holder])
            // All that belongs to it goes with it, by foreign keys.
            try database.run("DELETE FROM repository WHERE id = ?", [holder])
            return true
        }
    }
}

extension Database {
    /// Points a tag at a manifest and writes down where it pointed before, if it moved.
    func point(_ tag: Tag, to manifest: Int64, of push: ManifestPush, in repository: Int64) throws {
        let before = try target(of: tag, in: repository)
        guard before?.manifest != manifest else {
            return try run(
                "UPDATE tag SET pushed_at = ? WHERE repository = ? AND name = ?",
                [push.date.microseconds, repository, tag.text])
        }
        try run(
            """
            INSERT INTO tag (repository, name, manifest, moved_at, moved_by, pushed_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?4)
            ON CONFLICT (repository, name)
            DO UPDATE SET manifest = ?3, moved_at = ?4, moved_by = ?5, pushed_at = ?4
            """, [repository, tag.text, manifest, push.date.microseconds, push.account])
        try note(
            tag, from: before?.digest, to: push.digest.description, at: push.date, by: push.account,
            in: repository)
    }

    /// The manifest that a tag points to, as row and digest.
    fileprivate func target(of tag: Tag, in repository: Int64) throws -> (manifest: Int64, digest: String)? {
        try row(
            """
            SELECT manifest.id, manifest.digest FROM tag CROSS JOIN manifest ON manifest.id = tag.manifest
            WHERE tag.repository = ? AND tag.name = ?
            """, [repository, tag.text]
        ).map { (try $0.value(0, "manifest.id"), try $0.value(1, "manifest.digest")) }
    }

    /// Writes a line of a tag's history.
    fileprivate func note(
        _ tag: Tag, from: String?, to: String?, at date: Date, by account: String, in repository: Int64
    ) throws {
        try run(
            """
            INSERT INTO tag_history (repository, tag, moved_at, moved_by, from_digest, to_digest)
            VALUES (?, ?, ?, ?, ?, ?)
            """, [repository, tag.text, date.microseconds, account, from, to])
    }
}
