import GRDB
import Registry
import ServerKit

/// What a dry run counts: blobs that no repository will hold once the manifests, links and repositories that
/// are garbage now are gone.
extension GarbageSearch {
    /// First those that no repository holds, then those that only resting links hold, then those of what was
    /// removed. A blob of several links is counted with the first of them.
    func blobs(after mark: GarbageMark, limit: Int) throws -> GarbagePage {
        let stage = max(0, mark[0])
        let (sql, arguments): (String, StatementArguments) =
            switch stage {
            case 0: (Self.unheld, [mark[1], mark[2], limit])
            case 1: (Self.held(from: Self.restingLinks), [deadline, mark[1], mark[2], mark[3], limit])
            default: (Self.held(from: Self.removedLinks), [deadline, mark[1], mark[2], limit])
            }
        var next: GarbageMark?
        let items = try database.rows(sql, arguments) { row in
            let (first, second): (Int64, Int64) = (try row.value(3, "first"), try row.value(4, "second"))
            next = GarbageMark(stage, first, second, try row.value(5, "third"))
            let isGarbage: Bool = try row.value(2, "link")
            return isGarbage
                ? Garbage(key: "\(try row.value(0, "id") as Int64)", size: try row.value(1, "size")) : nil
        }
        let isLast = items.count < limit
        let following = stage < 2 ? GarbageMark(stage + 1).text : nil
        return GarbagePage(items: items.compactMap(\.self), next: isLast ? following : next?.text)
    }

    private static let unheld = """
        SELECT id, size, 1, unheld_since, id, 0 FROM blob
        WHERE unheld_since IS NOT NULL AND (unheld_since, id) > (?, ?) ORDER BY unheld_since, id LIMIT ?
        """

    private static let restingLinks = (
        columns: "link.rests_since, link.repository, link.blob",
        rows: """
        link CROSS JOIN repository
            ON repository.id = link.repository AND repository.removed_name IS NULL
            CROSS JOIN blob ON blob.id = link.blob
        WHERE link.rests_since <= ?1 AND (link.rests_since, link.repository, link.blob) > (?2, ?3, ?4)
        ORDER BY link.rests_since, link.repository, link.blob LIMIT ?5
        """
    )

    private static let removedLinks = (
        columns: "repository.id, link.blob, 0",
        rows: """
        repository CROSS JOIN link ON link.repository = repository.id
            CROSS JOIN blob ON blob.id = link.blob
        WHERE repository.removed_name IS NOT NULL AND repository.id >= ?2
            AND (repository.id > ?2 OR link.blob > ?3)
        ORDER BY repository.id, link.blob LIMIT ?4
        """
    )

    private static func held(from links: (columns: String, rows: String)) -> String {
        """
        SELECT blob.id, blob.size,
            link.repository = (SELECT min(first.repository) FROM link AS first WHERE first.blob = blob.id)
            AND NOT EXISTS (
                SELECT 1 FROM link AS other CROSS JOIN repository AS holder ON holder.id = other.repository
                WHERE other.blob = blob.id AND NOT (
                    CASE
                    WHEN holder.removed_at IS NOT NULL THEN holder.removed_at <= ?1
                    WHEN holder.removed_name IS NOT NULL THEN NOT EXISTS (
                        SELECT 1 FROM manifest_reference AS reference
                            CROSS JOIN manifest ON manifest.id = reference.manifest
                        WHERE reference.repository = other.repository AND reference.target = blob.digest
                            AND reference.kind = 'blob' AND manifest.rests_since > ?1)
                    ELSE coalesce(other.rests_since <= ?1, 0) END)),
            \(links.columns)
        FROM \(links.rows)
        """
    }
}
