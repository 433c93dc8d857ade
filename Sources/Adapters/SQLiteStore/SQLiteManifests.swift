import Audit
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
                SELECT manifest.media_type, manifest.bytes, manifest.rests_since
                FROM repository CROSS JOIN manifest ON manifest.repository = repository.id
                WHERE repository.name = ? AND manifest.digest = ?
                """, [repository.text, digest.description]
            ).map { row in
                StoredManifest(
                    digest: digest, mediaType: MediaType(try row.value(0, "media_type")),
                    bytes: try row.parsed(1, "bytes") { (data: Data) in Array(data) },
                    restsSince: try row.optionalDate(2, "rests_since"))
            }
        }
    }

    package func put(
        _ push: ManifestPush, in repository: RepositoryName, under conditions: RepositoryConditions
    ) async throws(StoreError) -> [Digest] {
        let annotations: String
        do {
            annotations = try json(push.manifest.annotations)
        } catch {
            throw StoreError(.failed, "writing down annotations", cause: error)
        }
        return try await write("storing \(push.digest) in \(repository)", announcing: .registry) {
            [trail = trailNote] database in
            let missing = try database.missing(for: push, in: repository)
            guard missing.isEmpty else { return missing }
            let holder = try database.repository(repository, madeAt: push.date)
            try database.run(
                "UPDATE repository SET last_push_at = ? WHERE id = ?", [push.date.microseconds, holder])
            if try database.manifest(push.digest, in: holder) == nil {
                try database.require(conditions, roomFor: Int64(push.manifest.bytes.count))
            }
            try database.require(conditions, letMove: push.tags, to: push.digest, in: repository, holder)
            let manifest = try database.store(push, annotations: annotations, in: holder)
            for tag in push.tags {
                try database.point(
                    tag, to: (manifest, push.digest), at: push.date, by: push.account,
                    in: (holder, repository))
            }
            try trail.write(
                .push, by: push.account, of: repository.text, Self.what(push.digest, push.tags), in: database)
            return []
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

    /// What the trail says a change was about: `v1, latest at sha256:…`.
    static func what(_ digest: Digest, _ tags: [Tag]) -> String {
        tags.isEmpty ? "\(digest)" : "\(tags.map(\.text).joined(separator: ", ")) at \(digest)"
    }
}

extension Database {
    /// The row of a manifest, or nil.
    func manifest(_ digest: Digest, in repository: Int64) throws -> Int64? {
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

    /// Makes the manifest's row and its references, or notes that it was pushed again. Returns the row. It
    /// rests when no tag points to it and none will.
    func store(_ push: ManifestPush, annotations: String, in repository: Int64) throws -> Int64 {
        let rest = push.tags.isEmpty ? push.date.microseconds : nil
        if let known = try known(push, in: repository) {
            try run(
                """
                UPDATE manifest SET pushed_at = ?1, pushed_by = ?2, rests_since = iif(rests_since, ?3, NULL)
                WHERE id = ?4
                """, [push.date.microseconds, push.account, rest, known.id])
            try mend(known.id, push, in: repository)
            // The same bytes under another type may refer to other things, and be a referrer or not.
            if known.mediaType != push.manifest.mediaType.text {
                try retype(known.id, push, annotations: annotations, in: repository)
            }
            return known.id
        }
        let manifest = push.manifest
        try run(
            """
            INSERT INTO manifest (repository, digest, media_type, size, artifact_type, subject, pushed_at,
                pushed_by, annotations, bytes, rests_since)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                repository, push.digest.description, manifest.mediaType.text, manifest.bytes.count,
                manifest.artifactType?.text, manifest.subject?.digest.description,
                push.date.microseconds, push.account, annotations, Data(manifest.bytes), rest,
            ])
        let id = lastInsertedRowID
        try refer(id, push, repository)
        return id
    }

    private func known(_ push: ManifestPush, in repository: Int64) throws -> (id: Int64, mediaType: String)? {
        try row(
            "SELECT id, media_type FROM manifest WHERE repository = ? AND digest = ?",
            [repository, push.digest.description]
        ).map { (try $0.value(0, "id"), try $0.value(1, "media_type")) }
    }

    /// Writes the bytes of a manifest anew that is known to be damaged.
    private func mend(_ id: Int64, _ push: ManifestPush, in repository: Int64) throws {
        try run(
            "DELETE FROM damage WHERE digest = ? AND repository = ?", [push.digest.description, repository])
        guard changesCount > 0 else { return }
        try run("UPDATE manifest SET bytes = ? WHERE id = ?", [Data(push.manifest.bytes), id])
    }

    private func retype(_ id: Int64, _ push: ManifestPush, annotations: String, in repository: Int64) throws {
        let manifest = push.manifest
        try run(
            """
            UPDATE manifest SET media_type = ?, artifact_type = ?, subject = ?, annotations = ? WHERE id = ?
            """,
            [
                manifest.mediaType.text, manifest.artifactType?.text, manifest.subject?.digest.description,
                annotations, id,
            ])
        try letGo(blobsOf: id, in: repository, at: push.date)
        try run("DELETE FROM manifest_reference WHERE manifest = ?", [id])
        try refer(id, push, repository)
    }

    /// Notes what a manifest refers to, so that none of it is collected.
    private func refer(_ id: Int64, _ push: ManifestPush, _ repository: Int64) throws {
        let manifest = push.manifest
        let blobs = push.requiredBlobs + ([manifest.config].compactMap(\.self) + manifest.blobs).map(\.digest)
        for digest in Set(blobs) {
            try refer(id, "blob", digest, repository)
            try run(
                """
                UPDATE link SET rests_since = NULL
                WHERE repository = ? AND blob = (SELECT blob.id FROM blob WHERE blob.digest = ?)
                    AND rests_since IS NOT NULL
                """, [repository, digest.description])
        }
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
