import Audit
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

    package func remove(
        _ tag: Tag, in repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool {
        try await write("removing tag \(tag) of \(repository)", announcing: .registry) {
            [now, trail = trailNote] database in
            guard let holder = try database.repository(repository),
                let target = try database.target(of: tag, in: holder)
            else { return false }
            if conditions.keeps(tag) { throw PolicyRefusal.tagIsKept(tag, in: repository) }
            try database.run("DELETE FROM tag WHERE repository = ? AND name = ?", [holder, tag.text])
            try database.rest(manifest: target.manifest, at: now())
            try database.note(
                .removed, tag, from: target.digest, to: nil, at: now(), by: account, in: repository)
            try trail.write(
                .delete, by: account, of: repository.text, "tag \(tag) at \(target.digest)", in: database)
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
            return try database.tags(leadingTo: digest, in: holder)
        }
    }

    package func repositories(after last: RepositoryName?, limit: Int) async throws(StoreError)
        -> [RepositoryName]
    {
        try await read("listing repositories") { database in
            try database.rows(
                """
                SELECT name FROM repository WHERE manifest_count > 0 AND removed_name IS NULL AND name > ?
                ORDER BY name LIMIT ?
                """, [last?.text ?? "", limit]
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
}

extension Database {
    /// Points a tag at a manifest and writes down where it pointed before, if it moved. What nothing points
    /// to from then on rests.
    func point(
        _ tag: Tag, to manifest: (id: Int64, digest: Digest), _ kind: TagMove.Kind = .pushed, at date: Date,
        by account: String, in repository: (id: Int64, name: RepositoryName)
    ) throws {
        let before = try target(of: tag, in: repository.id)
        guard before?.manifest != manifest.id else {
            return try run(
                "UPDATE tag SET pushed_at = ? WHERE repository = ? AND name = ?",
                [date.microseconds, repository.id, tag.text])
        }
        try run(
            """
            INSERT INTO tag (repository, name, manifest, moved_at, moved_by, pushed_at)
            VALUES (?1, ?2, ?3, ?4, ?5, ?4)
            ON CONFLICT (repository, name)
            DO UPDATE SET manifest = ?3, moved_at = ?4, moved_by = ?5, pushed_at = ?4
            """, [repository.id, tag.text, manifest.id, date.microseconds, account])
        if let before { try rest(manifest: before.manifest, at: date) }
        try note(
            kind, tag, from: before?.digest, to: manifest.digest.description, at: date, by: account,
            in: repository.name)
    }

    /// The tags that lead to a manifest, directly or through indexes.
    func tags(leadingTo digest: Digest, in repository: Int64) throws -> [Tag] {
        try rows(
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
            """, [repository, digest.description]
        ) { try $0.parsed(0, "tag.name") { try Tag($0 as String) } }
    }

    /// The manifest that a tag points to, as row and digest.
    func target(of tag: Tag, in repository: Int64) throws -> (manifest: Int64, digest: String)? {
        try row(
            """
            SELECT manifest.id, manifest.digest FROM tag CROSS JOIN manifest ON manifest.id = tag.manifest
            WHERE tag.repository = ? AND tag.name = ?
            """, [repository, tag.text]
        ).map { (try $0.value(0, "manifest.id"), try $0.value(1, "manifest.digest")) }
    }

    /// Lets a manifest rest, unless a tag still points to it.
    func rest(manifest: Int64, at date: Date) throws {
        try run(
            """
            UPDATE manifest SET rests_since = ?
            WHERE id = ? AND NOT EXISTS (SELECT 1 FROM tag WHERE tag.manifest = manifest.id)
            """, [date.microseconds, manifest])
    }

    /// Writes a line of a tag's history; without a tag, of all tags of the repository.
    func note(
        _ kind: TagMove.Kind, _ tag: Tag?, from: String?, to: String?, at date: Date, by account: String,
        in repository: RepositoryName
    ) throws {
        try run(
            """
            INSERT INTO tag_history (repository, tag, kind, moved_at, moved_by, from_digest, to_digest)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """, [repository.text, tag?.text ?? "", kind.rawValue, date.microseconds, account, from, to])
    }
}
