import Foundation
import GRDB
package import OCI
package import Registry
package import ServerKit

extension SQLiteStore: ManifestStore {
    package func manifest(_ digest: Digest, in repository: RepositoryName) async throws(StoreError)
        -> StoredManifest?
    {
        try await read("reading manifest \(digest) of \(repository)") { database in
            try database.row(
                """
                SELECT manifest.media_type, manifest.bytes
                FROM repository CROSS JOIN manifest ON manifest.repository = repository.id
                WHERE repository.name = ? AND manifest.digest = ?
                """, [repository.text, digest.description]
            ).map { row in
                StoredManifest(
                    digest: digest, mediaType: MediaType(try row.value(0, "media_type")),
                    bytes: try row.parsed(1, "bytes") { (data: Data) in Array(data) })
            }
        }
    }

    package func put(_ push: ManifestPush, in repository: RepositoryName) async throws(StoreError) -> [Digest]
    {
        let annotations: String
        do {
            annotations = try json(push.manifest.annotations)
        } catch {
            throw StoreError(.failed, "writing down annotations", cause: error)
        }
        return try await write("storing \(push.digest) in \(repository)", announcing: .registry) { database in
            let missing = try database.missing(for: push, in: repository)
            guard missing.isEmpty else { return missing }
            let holder = try database.repository(repository, madeAt: push.date)
            try database.run(
                "UPDATE repository SET last_push_at = ? WHERE id = ?", [push.date.microseconds, holder])
            let manifest = try database.store(push, annotations: annotations, in: holder)
            for tag in push.tags { try database.point(tag, to: manifest, of: push, in: holder) }
            return []
        }
    }

    package func remove(_ digest: Digest, in repository: RepositoryName, by account: String)
        async throws(StoreError) -> [Tag]?
    {
        try await write("removing \(digest) of \(repository)", announcing: .registry) { [now] database in
            guard let holder = try database.repository(repository),
                let manifest = try database.manifest(digest, in: holder)
            else { return nil }
            let tags = try database.rows(
                "SELECT name FROM tag WHERE manifest = ? ORDER BY name", [manifest]
            ) { try $0.parsed(0, "tag.name") { try Tag($0 as String) } }
            try database.run(
                """
                INSERT INTO tag_history (repository, tag, moved_at, moved_by, from_digest)
                SELECT repository, name, ?, ?, ? FROM tag WHERE manifest = ? ORDER BY name
                """, [now().microseconds, account, digest.description, manifest])
            // Tags and references go with it, by their foreign keys.
            try database.run("DELETE FROM manifest WHERE id = ?", [manifest])
            return tags
        }
    }

    package func referrers(
        of digest: Digest, in repository: RepositoryName, artifactType: MediaType?, after last: Digest?,
        limit: Int
    ) async throws(StoreError) -> [Descriptor] {
        let filter = artifactType == nil ? "" : "AND manifest.artifact_type = ?5"
        var arguments: StatementArguments = [
            repository.text, digest.description, last?.description ?? "", limit,
        ]
        if let artifactType { arguments += [artifactType.text] }
        return try await read("listing referrers of \(digest) in \(repository)") { [arguments] database in
            try database.rows(
                """
                SELECT manifest.digest, manifest.media_type, manifest.size, manifest.artifact_type,
                    manifest.annotations
                FROM repository CROSS JOIN manifest ON manifest.repository = repository.id
                WHERE repository.name = ?1 AND manifest.subject = ?2 AND manifest.digest > ?3 \(filter)
                ORDER BY manifest.digest LIMIT ?4
                """, arguments
            ) { row in
                Descriptor(
                    mediaType: MediaType(try row.value(1, "manifest.media_type")),
                    digest: try row.parsed(0, "manifest.digest") { try Digest($0 as String) },
                    size: try row.value(2, "manifest.size"),
                    artifactType: (try row.optional(3, "manifest.artifact_type") as String?).map {
                        MediaType($0)
                    },
                    annotations: try row.json(4, "manifest.annotations"))
            }
        }
    }
}

extension Database {
    /// The row of a manifest, or nil.
    fileprivate func manifest(_ digest: Digest, in repository: Int64) throws -> Int64? {
        try row(
            "SELECT id FROM manifest WHERE repository = ? AND digest = ?", [repository, digest.description])?
            .value(0, "id")
    }

    /// What a push requires and the repository does not hold.
    fileprivate func missing(for push: ManifestPush, in repository: RepositoryName) throws -> [Digest] {
        guard let holder = try self.repository(repository) else {
            return push.requiredBlobs + push.requiredManifests
        }
        let blobs = try push.requiredBlobs.filter {
            try !has(SQLiteStore.linkedBlob, [repository.text, $0.description])
        }
        return try blobs + push.requiredManifests.filter { try manifest($0, in: holder) == nil }
    }

    /// Makes the manifest's row and its references, or notes that it was pushed again. Returns the row.
    fileprivate func store(_ push: ManifestPush, annotations: String, in repository: Int64) throws -> Int64 {
        let manifest = push.manifest
        let id: Int64
        if let known = try self.manifest(push.digest, in: repository) {
            // The same bytes under another type may refer to other things, and be a referrer or not.
            id = known
            try run(
                """
                UPDATE manifest SET media_type = ?, artifact_type = ?, subject = ?, annotations = ?,
                    pushed_at = ?, pushed_by = ?
                WHERE id = ?
                """,
                [
                    manifest.mediaType.text, manifest.artifactType?.text,
                    manifest.subject?.digest.description,
                    annotations, push.date.microseconds, push.account, id,
                ])
            try run("DELETE FROM manifest_reference WHERE manifest = ?", [id])
        } else {
            try run(
                """
                INSERT INTO manifest (repository, digest, media_type, size, artifact_type, subject, pushed_at,
                    pushed_by, annotations, bytes)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    repository, push.digest.description, manifest.mediaType.text, manifest.bytes.count,
                    manifest.artifactType?.text, manifest.subject?.digest.description,
                    push.date.microseconds, push.account, annotations, Data(manifest.bytes),
                ])
            id = lastInsertedRowID
        }
        try refer(id, push, repository)
        return id
    }

    /// Notes what a manifest refers to, so that none of it is collected.
    private func refer(_ id: Int64, _ push: ManifestPush, _ repository: Int64) throws {
        let manifest = push.manifest
        let blobs = push.requiredBlobs + ([manifest.config].compactMap(\.self) + manifest.blobs).map(\.digest)
        for digest in Set(blobs) { try refer(id, "blob", digest, repository) }
        for digest in Set(push.requiredManifests + manifest.manifests.map(\.digest)) {
            try refer(id, "manifest", digest, repository)
        }
    }

    private func refer(_ manifest: Int64, _ kind: String, _ target: Digest, _ repository: Int64) throws {
        try run(
            "INSERT INTO manifest_reference (manifest, kind, target, repository) VALUES (?, ?, ?, ?)",
            [manifest, kind, target.description, repository])
    }
}
