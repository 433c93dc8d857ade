import Audit
import FoundationEssentials
import GRDB
package import OCI
package import Registry
package import ServerKit

/// Removing, so that it can be undone.
///
/// What is removed moves into a repository that no client can name, and keeps its rows: every statement that
/// looks for a repository by its name passes it by, without knowing of it. A manifest moves into the trash of
/// its repository, `#shop/web`, with links of its own to its blobs. A repository that is removed as a whole
/// becomes such a one itself, `#17#shop/web`, by one change of its row.
extension SQLiteStore {
    package func remove(
        _ digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> [Tag]? {
        try await write("removing \(digest) of \(repository)", announcing: .registry) {
            [now, trail = trailNote] database in
            guard let holder = try database.repository(repository),
                let manifest = try database.manifest(digest, in: holder)
            else { return nil }
            try database.require(
                conditions, nothingKeptNeeds: digest, as: "manifest", in: repository, holder)
            let tags = try database.rows(
                "SELECT name FROM tag WHERE manifest = ? ORDER BY name", [manifest]
            ) { try $0.parsed(0, "tag.name") { try Tag($0 as String) } }
            for tag in tags {
                try database.note(
                    .removed, tag, from: digest.description, to: nil, at: now(), by: account, in: repository)
            }
            try database.run("DELETE FROM tag WHERE manifest = ?", [manifest])
            let trash = try database.trash(of: repository, madeAt: now())
            try database.run(
                "DELETE FROM manifest WHERE repository = ? AND digest = ?", [trash, digest.description])
            try database.carry(manifest, from: holder, to: trash, at: now())
            try trail.write(
                .delete, by: account, of: repository.text, Self.what(digest, tags), in: database)
            return tags
        }
    }

    package func removeRepository(
        _ repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool {
        try await write("removing repository \(repository)", announcing: .registry) {
            [now, trail = trailNote] database in
            guard let holder = try database.repository(repository) else { return false }
            try database.require(conditions, noTagKeptIn: repository, holder)
            try database.run(
                "UPDATE repository SET name = ?, removed_name = ?, removed_at = ? WHERE id = ?",
                ["#\(holder)#\(repository)", repository.text, now().microseconds, holder])
            try database.note(
                .removed, nil, from: nil, to: nil, at: now(), by: account, in: repository)
            try trail.write(.removeRepository, by: account, of: repository.text, in: database)
            return true
        }
    }
}

extension Database {
    /// The row of the repository that holds what was removed from this one, which is made where it is not
    /// there.
    func trash(of repository: RepositoryName, madeAt date: Date) throws -> Int64 {
        let name = "#\(repository)"
        if let row = try row("SELECT id FROM repository WHERE name = ?", [name]) {
            return try row.value(0, "id")
        }
        try run(
            "INSERT INTO repository (name, created_at, removed_name) VALUES (?, ?, ?)",
            [name, date.microseconds, repository.text])
        return lastInsertedRowID
    }

    /// Moves a manifest, to which no tag points, into another repository. It rests from now on there, and its
    /// blobs are held by both.
    func carry(_ manifest: Int64, from source: Int64, to target: Int64, at date: Date) throws {
        try run(
            """
            INSERT INTO link (repository, blob, created_at)
            SELECT ?1, link.blob, ?2
            FROM manifest_reference AS reference CROSS JOIN blob ON blob.digest = reference.target
                CROSS JOIN link ON link.repository = ?3 AND link.blob = blob.id
            WHERE reference.manifest = ?4 AND reference.kind = 'blob'
            ON CONFLICT (repository, blob) DO UPDATE SET rests_since = NULL WHERE rests_since IS NOT NULL
            """, [target, date.microseconds, source, manifest])
        try letGo(blobsOf: manifest, in: source, at: date)
        try run(
            "UPDATE manifest SET repository = ?, rests_since = ? WHERE id = ?",
            [target, date.microseconds, manifest])
        try run("UPDATE manifest_reference SET repository = ? WHERE manifest = ?", [target, manifest])
        try run(
            """
            UPDATE OR REPLACE damage SET repository = ?1
            WHERE repository = ?2 AND digest = (SELECT manifest.digest FROM manifest WHERE manifest.id = ?3)
            """, [target, source, manifest])
    }

    /// Lets the blobs of a manifest rest that no other manifest of the repository refers to: to be called
    /// before the manifest goes.
    func letGo(blobsOf manifest: Int64, in repository: Int64, at date: Date) throws {
        try run(
            """
            UPDATE link SET rests_since = ?1
            WHERE repository = ?2 AND rests_since IS NULL AND blob IN (
                SELECT blob.id
                FROM manifest_reference AS gone CROSS JOIN blob ON blob.digest = gone.target
                WHERE gone.manifest = ?3 AND gone.kind = 'blob' AND NOT EXISTS (
                    SELECT 1 FROM manifest_reference AS other
                    WHERE other.repository = ?2 AND other.target = gone.target AND other.kind = 'blob'
                        AND other.manifest <> ?3))
            """, [date.microseconds, repository, manifest])
    }
}
