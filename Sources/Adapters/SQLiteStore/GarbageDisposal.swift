import FoundationEssentials
import GRDB
import Registry
import ServerKit

/// Removes garbage inside a transaction, looking at each piece once more.
struct GarbageDisposal {
    let search: GarbageSearch
    let date: Date
    let patience = Patience()
    var removal = GarbageRemoval()

    private var database: GRDB.Database { search.database }

    init(search: GarbageSearch, date: Date) {
        self.search = search
        self.date = date
    }

    /// Removes a manifest. A client may just have been told that its blobs are there, so that their rest
    /// begins now; not in the trash, which no client sees.
    mutating func removeManifest(_ garbage: Garbage) throws -> Bool {
        guard let id = Int64(garbage.key), let manifest = try search.resting(id),
            try !search.isNeeded(manifest)
        else { return true }
        try database.letGo(
            blobsOf: id, in: manifest.repository, at: manifest.isRemoved ? Date(microseconds: 0) : date)
        try remove(id, size: manifest.size)
        return true
    }

    mutating func removeLink(_ garbage: Garbage) throws -> Bool {
        let place = GarbageMark(garbage.key)
        let isGarbage = try database.has(
            """
            SELECT 1 FROM link CROSS JOIN repository ON repository.id = link.repository
                CROSS JOIN blob ON blob.id = link.blob
            WHERE link.repository = ?2 AND link.blob = ?3 AND \(GarbageSearch.linkIsGarbage)
            """, [search.deadline, place[0], place[1]])
        if isGarbage { try database.unlink(place[1], from: place[0], at: date) }
        return true
    }

    /// Removes a repository that holds nothing, or piece by piece one that was removed; false when there is
    /// more to do.
    mutating func removeRepository(_ garbage: Garbage) throws -> Bool {
        guard let id = Int64(garbage.key) else { return true }
        let isRemoved = try database.has(
            "SELECT 1 FROM repository WHERE id = ? AND removed_at <= ?", [id, search.deadline])
        if isRemoved {
            repeat {
                if try removeTags(of: id) { continue }
                if try removeManifest(of: id) { continue }
                guard try removeLink(of: id) else { break }
            } while patience.lasts
        }
        let isEmpty = try database.has(
            """
            SELECT 1 FROM repository WHERE id = ? AND manifest_count = 0 AND NOT EXISTS (
                SELECT 1 FROM link WHERE link.repository = repository.id)
            """, [id])
        guard isEmpty else { return !isRemoved }
        try database.run("DELETE FROM repository WHERE id = ?", [id])
        removal.repositories += 1
        return true
    }

    private func removeTags(of repository: Int64) throws -> Bool {
        try database.run(
            """
            DELETE FROM tag WHERE repository = ?1 AND name IN (
                SELECT some.name FROM tag AS some WHERE some.repository = ?1 LIMIT ?2)
            """, [repository, Self.tagsAtOnce])
        return database.changesCount > 0
    }

    private mutating func removeManifest(of repository: Int64) throws -> Bool {
        let manifest = try database.row(
            "SELECT id, size FROM manifest WHERE repository = ? LIMIT 1", [repository])
        guard let manifest else { return false }
        try remove(manifest.value(0, "manifest.id"), size: manifest.value(1, "manifest.size"))
        return true
    }

    private func removeLink(of repository: Int64) throws -> Bool {
        let blob: Int64? = try database.row(
            "SELECT blob FROM link WHERE repository = ? LIMIT 1", [repository])?
            .value(0, "link.blob")
        guard let blob else { return false }
        try database.unlink(blob, from: repository, at: date)
        return true
    }

    private mutating func remove(_ manifest: Int64, size: Int64) throws {
        // Its references go with it, by their foreign key.
        try database.run("DELETE FROM manifest WHERE id = ?", [manifest])
        removal.manifests += 1
        removal.size += size
    }

    private static let tagsAtOnce = 20
}
