import Audit
import GRDB
package import OCI
package import Registry
package import ServerKit

extension SQLiteStore: RetentionStore {
    package func tagsByPush(in repository: RepositoryName, after last: PushedTag?, limit: Int)
        async throws(StoreError) -> [PushedTag]
    {
        try await readTogether("listing tags of \(repository) by age") { database in
            guard let holder = try database.repository(repository) else { return [] }
            return try database.rows(
                """
                SELECT tag.name, manifest.digest, tag.pushed_at
                FROM tag CROSS JOIN manifest ON manifest.id = tag.manifest
                WHERE tag.repository = ? AND (tag.pushed_at, tag.name) < (?, ?)
                ORDER BY tag.pushed_at DESC, tag.name DESC LIMIT ?
                """, [holder, last?.pushedAt.microseconds ?? .max, last?.tag.text ?? "", limit]
            ) { row in
                PushedTag(
                    tag: try row.parsed(0, "tag.name") { try Tag($0 as String) },
                    digest: try row.parsed(1, "manifest.digest") { try Digest($0 as String) },
                    pushedAt: try row.date(2, "tag.pushed_at"))
            }
        }
    }

    package func remove(
        _ tags: [PushedTag], in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> [Tag] {
        let going = tags.filter { !conditions.keeps($0.tag) }
        return try await write("removing tags of \(repository)", announcing: .registry) {
            [now, trail = trailNote] database in
            guard let holder = try database.repository(repository) else { return [] }
            let gone = try going.filter { tag in
                try database.run(
                    """
                    DELETE FROM tag WHERE repository = ?1 AND name = ?2 AND pushed_at = ?3
                        AND manifest = (SELECT id FROM manifest WHERE repository = ?1 AND digest = ?4)
                    """, [holder, tag.tag.text, tag.pushedAt.microseconds, tag.digest.description])
                guard database.changesCount > 0 else { return false }
                if let manifest = try database.manifest(tag.digest, in: holder) {
                    try database.rest(manifest: manifest, at: now())
                }
                try database.note(
                    .removed, tag.tag, from: tag.digest.description, to: nil, at: now(), by: account,
                    in: repository)
                return true
            }.map(\.tag)
            if !gone.isEmpty {
                let tags = gone.map(\.text).joined(separator: ", ")
                try trail.write(
                    .delete, by: account, of: repository.text, "\(gone.count) tags: \(tags)", in: database)
            }
            return gone
        }
    }
}
