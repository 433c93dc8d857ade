import Audit
package import FoundationEssentials
import GRDB
package import OCI
package import Registry
package import ServerKit

extension SQLiteStore: TagHistory {
    package func history(of tag: Tag?, in repository: RepositoryName, before last: TagMove.ID?, limit: Int)
        async throws(StoreError) -> [TagMove]
    {
        let before = last ?? .max
        return try await readTogether("reading the history of \(repository)") { database in
            guard let tag else {
                return try database.rows(
                    """
                    SELECT \(Self.moveColumns) FROM tag_history WHERE repository = ? AND id < ?
                    ORDER BY id DESC LIMIT ?
                    """, [repository.text, before, limit], Self.move)
            }
            // The repository's own lines have no tag. Both lists are in order; so is the page.
            let lines = try [tag.text, ""].flatMap { name in
                try database.rows(
                    """
                    SELECT \(Self.moveColumns) FROM tag_history WHERE repository = ? AND tag = ? AND id < ?
                    ORDER BY id DESC LIMIT ?
                    """, [repository.text, name, before, limit], Self.move)
            }
            return Array(lines.sorted { $0.id > $1.id }.prefix(limit))
        }
    }

    package func restore(
        _ tag: Tag, to digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> TagRestoration {
        try await write("restoring \(tag) of \(repository)", announcing: .registry) {
            [now, trail = trailNote] database in
            if let holder = try database.repository(repository) {
                try database.require(conditions, letMove: [tag], to: digest, in: repository, holder)
            }
            let before = try database.uses(of: conditions)
            var restoring = try Restoring(database, repository, at: now())
            guard let manifest = try restoring.bringBack(digest) else {
                return restoring.missing.isEmpty ? .collected : .incomplete(restoring.missing)
            }
            try database.requireRoom(grownFrom: before)
            let holder = try database.repository(repository, madeAt: now())
            if try database.target(of: tag, in: holder)?.manifest == manifest { return .unchanged }
            try database.point(
                tag, to: (manifest, digest), .restored, at: now(), by: account, in: (holder, repository))
            try database.run("UPDATE manifest SET rests_since = NULL WHERE id = ?", [manifest])
            try trail.write(
                .restore, by: account, of: repository.text, "tag \(tag) at \(digest)", in: database)
            return .restored
        }
    }

    package func restoreRepository(
        _ repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool {
        try await write("restoring repository \(repository)", announcing: .registry) {
            [now, trail = trailNote] database in
            let before = try database.uses(of: conditions)
            let removed = try database.row(
                """
                SELECT id FROM repository WHERE removed_name = ? AND removed_at IS NOT NULL
                ORDER BY removed_at DESC, id DESC LIMIT 1
                """, [repository.text])
            guard let id: Int64 = try removed?.value(0, "id") else { return false }
            guard try database.repository(repository) == nil else {
                throw StoreError(.conflict, "there is a repository of this name again")
            }
            try database.run(
                "UPDATE repository SET name = ?, removed_name = NULL, removed_at = NULL WHERE id = ?",
                [repository.text, id])
            try database.note(
                .restored, nil, from: nil, to: nil, at: now(), by: account, in: repository)
            try database.requireRoom(grownFrom: before)
            try trail.write(.restore, by: account, of: repository.text, in: database)
            return true
        }
    }

    package func trimHistory(before moment: Date, countMax: Int, limit: Int) async throws(StoreError) -> Int {
        try await write("forgetting old history") { database in
            // Identifiers are given in order and never twice, so they tell how many lines there are at most.
            let newest: Int64 =
                try database.row(
                    "SELECT max(id) FROM tag_history")?.optional(0, "id") ?? 0
            let firstToStay: Int64 =
                try database.row(
                    "SELECT id FROM tag_history WHERE moved_at >= ? ORDER BY moved_at, id LIMIT 1",
                    [moment.microseconds])?.value(0, "id") ?? .max
            try database.run(
                """
                DELETE FROM tag_history WHERE id IN (
                    SELECT old.id FROM tag_history AS old WHERE old.id <= ? ORDER BY old.id LIMIT ?)
                """, [max(newest - Int64(countMax), firstToStay - 1), limit])
            return database.changesCount
        }
    }

    private static let moveColumns = "id, kind, tag, moved_at, moved_by, from_digest, to_digest"

    private static func move(_ row: Row) throws -> TagMove {
        TagMove(
            id: try row.value(0, "tag_history.id"),
            kind: try row.parsed(1, "tag_history.kind") { TagMove.Kind(rawValue: $0) },
            tag: try row.optionalTag(2), date: try row.date(3, "tag_history.moved_at"),
            account: try row.value(4, "tag_history.moved_by"),
            from: try row.optionalDigest(5, "tag_history.from_digest"),
            to: try row.optionalDigest(6, "tag_history.to_digest"))
    }
}

extension Row {
    fileprivate func optionalTag(_ index: Int) throws -> Tag? {
        try parsed(index, "tag_history.tag") { (text: String) in
            Optional.some(text.isEmpty ? nil : try Tag(text))
        }
    }

    fileprivate func optionalDigest(_ index: Int, _ name: String) throws -> Digest? {
        guard try optional(index, name) as String? != nil else { return nil }
        return try parsed(index, name) { try Digest($0 as String) }
    }
}
