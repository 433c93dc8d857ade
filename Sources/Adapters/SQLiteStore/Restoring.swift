import Foundation
import GRDB
import OCI
import Registry
import ServerKit

/// Brings a removed manifest back, with all that it cannot do without: first looks for everything, then moves
/// it, so that what cannot be whole is not touched.
struct Restoring {
    let database: Database
    let repository: RepositoryName
    let date: Date
    /// What a restored manifest would need and is not there any more.
    private(set) var missing: [Digest] = []

    private var live: Int64?
    private var plan: [Removed] = []
    private var planned: Set<Digest> = []

    /// A manifest that waits among what was removed.
    private struct Removed {
        let id: Int64
        let place: Int64
        let isOfWholeRepository: Bool
        let digest: Digest
        let manifest: Manifest
    }

    init(_ database: Database, _ repository: RepositoryName, at date: Date) throws {
        self.database = database
        self.repository = repository
        self.date = date
        self.live = try database.repository(repository)
    }

    /// The row of the manifest, which the repository holds afterwards; nil when it is nowhere or lacks
    /// something, and then nothing was changed.
    mutating func bringBack(_ digest: Digest) throws -> Int64? {
        if let live, let held = try database.manifest(digest, in: live) { return held }
        guard let found = try find(digest) else { return nil }
        missing = try add(found)
        guard missing.isEmpty else { return nil }
        let target = try database.repository(repository, madeAt: date)
        for removed in plan {
            // Tags that went with a whole repository.
            try database.run("DELETE FROM tag WHERE manifest = ?", [removed.id])
            try database.carry(removed.id, from: removed.place, to: target, at: date)
        }
        return found.id
    }

    /// Plans a manifest with what it lists and what refers to it. Returns what it lacks; then none of it is
    /// planned.
    private mutating func add(_ root: Removed) throws -> [Digest] {
        let (planBefore, plannedBefore) = (plan, planned)
        var next = plan.count
        plan.append(root)
        planned.insert(root.digest)
        while next < plan.count {
            guard plan.count <= Self.countMax else {
                throw StoreError(
                    .failed, "more than \(Self.countMax) manifests belong to it: restore the whole repository"
                )
            }
            let lacks = try addParts(of: plan[next])
            guard lacks.isEmpty else {
                (plan, planned) = (planBefore, plannedBefore)
                return lacks
            }
            next += 1
        }
        for removed in plan[planBefore.count...] where removed.isOfWholeRepository {
            for referrer in try referrers(of: removed) where !planned.contains(referrer.digest) {
                // A referrer that is not whole stays away, and what it refers to is restored without it.
                _ = try add(referrer)
            }
        }
        return []
    }

    /// Plans what a manifest lists; returns what is not there.
    private mutating func addParts(of removed: Removed) throws -> [Digest] {
        var lacks = try removed.manifest.requiredBlobs.filter { blob in
            try !isLinked(blob, in: removed.place) && !(live.map { try isLinked(blob, in: $0) } ?? false)
        }
        for digest in removed.manifest.requiredManifests where !planned.contains(digest) {
            if let live, try database.manifest(digest, in: live) != nil { continue }
            guard let child = try find(digest) else {
                lacks.append(digest)
                continue
            }
            plan.append(child)
            planned.insert(digest)
        }
        return lacks
    }

    private func isLinked(_ blob: Digest, in place: Int64) throws -> Bool {
        try database.has(
            """
            SELECT 1 FROM blob CROSS JOIN link ON link.repository = ?1 AND link.blob = blob.id
            WHERE blob.digest = ?2
            """, [place, blob.description])
    }

    /// A manifest among what was removed from the repository, from where it was removed last.
    private func find(_ digest: Digest) throws -> Removed? {
        try database.row(
            """
            SELECT manifest.id, manifest.repository, repository.removed_at IS NOT NULL, manifest.digest,
                manifest.media_type, manifest.bytes
            FROM repository CROSS JOIN manifest ON manifest.repository = repository.id
            WHERE repository.removed_name = ? AND manifest.digest = ?
            ORDER BY repository.removed_at DESC, repository.id DESC LIMIT 1
            """, [repository.text, digest.description]
        ).map(Self.removed)
    }

    private func referrers(of removed: Removed) throws -> [Removed] {
        try database.rows(
            """
            SELECT id, repository, 1, digest, media_type, bytes FROM manifest
            WHERE repository = ? AND subject = ? ORDER BY digest LIMIT ?
            """, [removed.place, removed.digest.description, Self.countMax + 1], Self.removed)
    }

    private static func removed(_ row: Row) throws -> Removed {
        let mediaType = MediaType(try row.value(4, "manifest.media_type"))
        return Removed(
            id: try row.value(0, "manifest.id"), place: try row.value(1, "manifest.repository"),
            isOfWholeRepository: try row.value(2, "repository.removed_at"),
            digest: try row.parsed(3, "manifest.digest") { try Digest($0 as String) },
            manifest: try row.parsed(5, "manifest.bytes") { (data: Data) in
                try Manifest(Array(data), contentType: mediaType)
            })
    }

    /// How many manifests one restoration brings back.
    private static let countMax = 1000
}
