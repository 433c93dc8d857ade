import FoundationEssentials
import GRDB
import Registry
import ServerKit

/// Finds what is garbage. What rests is found by an index on the time since when, so a pass costs what rests,
/// not what there is.
struct GarbageSearch {
    let database: Database
    let rule: GarbageRule

    var deadline: Int64 { rule.restingSince.microseconds }

    /// A manifest that rests, and where what may need it is looked for.
    struct Resting {
        let id: Int64
        let repository: Int64
        /// The trash of its repository, whose indexes keep what they list until they go themselves.
        let trash: Int64
        let isRemoved: Bool
        let size: Int64
    }

    // Manifests

    func manifests(after mark: GarbageMark, limit: Int) throws -> GarbagePage {
        var next: GarbageMark?
        let resting = try database.rows(
            """
            \(Self.resting)
            WHERE manifest.rests_since <= ? AND (manifest.rests_since, manifest.id) > (?, ?)
            ORDER BY manifest.rests_since, manifest.id LIMIT ?
            """, [deadline, mark[0], mark[1], limit]
        ) { row in
            next = GarbageMark(try row.value(6, "manifest.rests_since"), try row.value(0, "manifest.id"))
            return try Self.resting(row)
        }
        let garbage = try resting.compactMap(\.self).filter { try !isNeeded($0) }
        return GarbagePage(
            items: garbage.map { Garbage(key: "\($0.id)", size: $0.size, manifests: 1) },
            next: resting.count == limit ? next?.text : nil)
    }

    /// A manifest that rests still, and long enough; nil when it does not.
    func resting(_ id: Int64) throws -> Resting? {
        try database.row(
            "\(Self.resting) WHERE manifest.id = ? AND manifest.rests_since <= ?", [id, deadline]
        )
        .flatMap(Self.resting)
    }

    /// Whether something needs a manifest: a tag, or something fresh, on it or on whatever it depends on,
    /// which are the indexes that list it and its subject. In the trash only the trash counts.
    ///
    /// Looks at so many at most, and takes it for needed then. Nothing is forgotten by that: those at the top
    /// of a long chain depend on few, go first, and shorten it for the next pass.
    func isNeeded(_ manifest: Resting) throws -> Bool {
        let cursor = try Row.fetchCursor(
            database.cachedStatement(sql: Self.dependencies),
            arguments: [
                manifest.id, manifest.repository, manifest.isRemoved ? manifest.repository : manifest.trash,
            ])
        var count = 0
        while let row = try cursor.next() {
            let restsSince: Int64? = try row.optional(0, "manifest.rests_since")
            guard let restsSince, restsSince <= deadline else { return true }
            // One of its own repository that names no subject is there for itself.
            let isForItself: Bool = try row.value(1, "manifest.subject")
            if rule.keepsUntagged, isForItself, !manifest.isRemoved { return true }
            count += 1
            if count >= Self.dependenciesMax { return true }
        }
        return false
    }

    private static let dependenciesMax = 1000

    private static let resting = """
        SELECT manifest.id, manifest.repository, coalesce(trash.id, 0), repository.removed_name IS NOT NULL,
            manifest.size, repository.removed_at IS NOT NULL, manifest.rests_since
        FROM manifest CROSS JOIN repository ON repository.id = manifest.repository
            LEFT JOIN repository AS trash ON trash.name = '#' || repository.name
        """

    /// Nil for one of a repository that was removed as a whole, and goes with it.
    private static func resting(_ row: Row) throws -> Resting? {
        guard try !(row.value(5, "repository.removed_at") as Bool) else { return nil }
        return Resting(
            id: try row.value(0, "manifest.id"), repository: try row.value(1, "manifest.repository"),
            trash: try row.value(2, "trash.id"), isRemoved: try row.value(3, "repository.removed_name"),
            size: try row.value(4, "manifest.size"))
    }

    private static let dependencies = """
        WITH RECURSIVE leading (id, digest, subject, rests_since, repository) AS (
            SELECT id, digest, subject, rests_since, repository FROM manifest WHERE id = ?1
            UNION
            SELECT above.id, above.digest, above.subject, above.rests_since, above.repository
            FROM leading CROSS JOIN manifest_reference AS reference
                    ON reference.repository IN (?2, ?3) AND reference.target = leading.digest
                    AND reference.kind = 'manifest'
                CROSS JOIN manifest AS above ON above.id = reference.manifest
            UNION
            SELECT above.id, above.digest, above.subject, above.rests_since, above.repository
            FROM leading CROSS JOIN manifest AS above
                    ON above.repository IN (?2, ?3) AND above.digest = leading.subject
        )
        SELECT rests_since, subject IS NULL AND repository = ?2 FROM leading
        """
}

extension GarbageSearch {
    // Links

    /// Of a link's row: whether it may go. Where a repository was removed as a whole, it goes with it.
    static let linkIsGarbage = """
        link.rests_since <= ?1 AND repository.removed_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM manifest_reference AS reference
            WHERE reference.repository = link.repository AND reference.target = blob.digest
                AND reference.kind = 'blob')
        """

    func links(after mark: GarbageMark, limit: Int) throws -> GarbagePage {
        var next: GarbageMark?
        let garbage = try database.rows(
            """
            SELECT link.rests_since, link.repository, link.blob, \(Self.linkIsGarbage)
            FROM link CROSS JOIN repository ON repository.id = link.repository
                CROSS JOIN blob ON blob.id = link.blob
            WHERE link.rests_since <= ?1 AND (link.rests_since, link.repository, link.blob) > (?2, ?3, ?4)
            ORDER BY link.rests_since, link.repository, link.blob LIMIT ?5
            """, [deadline, mark[0], mark[1], mark[2], limit]
        ) { row in
            let (repository, blob): (Int64, Int64) = (
                try row.value(1, "repository"), try row.value(2, "blob")
            )
            next = GarbageMark(try row.value(0, "link.rests_since"), repository, blob)
            return try row.value(3, "link") ? Garbage(key: GarbageMark(repository, blob).text, size: 0) : nil
        }
        return GarbagePage(
            items: garbage.compactMap(\.self), next: garbage.count == limit ? next?.text : nil)
    }

    // Repositories

    /// First those that were removed long enough ago, then those that hold nothing.
    func repositories(after mark: GarbageMark, limit: Int) throws -> GarbagePage {
        if mark[0] < 1 {
            let page = try page(
                """
                SELECT id, (SELECT coalesce(sum(manifest.size), 0) FROM manifest
                        WHERE manifest.repository = repository.id), manifest_count, removed_at
                FROM repository
                WHERE removed_at <= ? AND (removed_at, id) > (?, ?) ORDER BY removed_at, id LIMIT ?
                """, [deadline, mark[1], mark[2], limit]
            ) { GarbageMark(0, $1, $0) }
            return page.next == nil ? GarbagePage(items: page.items, next: GarbageMark(1).text) : page
        }
        return try page(
            """
            SELECT id, 0, 0, 0 FROM repository
            WHERE manifest_count = 0 AND id > ? AND removed_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM link WHERE link.repository = repository.id)
            ORDER BY id LIMIT ?
            """, [mark[1], limit]
        ) { id, _ in GarbageMark(1, id) }
    }

    private func page(
        _ sql: String, _ arguments: StatementArguments, mark: (_ id: Int64, _ time: Int64) -> GarbageMark
    ) throws -> GarbagePage {
        var next: GarbageMark?
        let items = try database.rows(sql, arguments) { row in
            let id: Int64 = try row.value(0, "repository.id")
            next = mark(id, try row.value(3, "repository.removed_at"))
            return Garbage(
                key: "\(id)", size: try row.value(1, "manifest.size"),
                manifests: try row.value(2, "repository.manifest_count"))
        }
        return GarbagePage(items: items, next: items.isEmpty ? nil : next?.text)
    }
}
