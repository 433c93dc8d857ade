package import Access
import GRDB
import OCI
import Registry
package import ServerKit

extension SQLiteStore {
    package func used(by repositories: Glob) async throws(StoreError) -> Int64 {
        try await read("adding up \(repositories.text)") { try $0.used(by: repositories) }
    }
}

/// What has to hold for a change, asked inside its transaction.
extension Database {
    /// Throws when so many bytes more do not fit.
    func require(_ conditions: RepositoryConditions, roomFor bytes: Int64) throws {
        for quota in conditions.quotas {
            let use = QuotaUse(quota: quota, used: try used(by: quota.repositories))
            if let refusal = use.refusal(of: bytes) { throw refusal }
        }
    }

    /// What is used of each quota now.
    func uses(of conditions: RepositoryConditions) throws -> [QuotaUse] {
        try conditions.quotas.map { QuotaUse(quota: $0, used: try used(by: $0.repositories)) }
    }

    /// Throws when what was there before has grown beyond a quota meanwhile.
    func requireRoom(grownFrom before: [QuotaUse]) throws {
        for use in before {
            let growth = try used(by: use.quota.repositories) - use.used
            if growth > 0, let refusal = use.refusal(of: growth) { throw refusal }
        }
    }

    /// Throws when a tag that is pinned points to another manifest.
    func require(
        _ conditions: RepositoryConditions, letMove tags: [Tag], to digest: Digest,
        in repository: RepositoryName, _ holder: Int64
    ) throws {
        for tag in tags where conditions.pins(tag) {
            guard let text = try target(of: tag, in: holder)?.digest, text != digest.description else {
                continue
            }
            throw PolicyRefusal.tagIsPinned(tag, in: repository, at: try Digest(text))
        }
    }

    /// Throws when a tag that is kept leads to a blob or a manifest.
    func require(
        _ conditions: RepositoryConditions, nothingKeptNeeds digest: Digest, as kind: String,
        in repository: RepositoryName, _ holder: Int64
    ) throws {
        guard conditions.keepsTags else { return }
        var manifests = [digest]
        if kind == "blob" {
            manifests = try rows(
                """
                SELECT manifest.digest
                FROM manifest_reference CROSS JOIN manifest ON manifest.id = manifest_reference.manifest
                WHERE manifest_reference.repository = ? AND manifest_reference.target = ?
                    AND manifest_reference.kind = 'blob'
                """, [holder, digest.description]
            ) { try $0.parsed(0, "manifest.digest") { try Digest($0 as String) } }
        }
        for manifest in manifests {
            if let tag = try tags(leadingTo: manifest, in: holder).first(where: conditions.keeps) {
                throw PolicyRefusal.tagIsKept(tag, in: repository)
            }
        }
    }

    /// Throws when a repository has a tag that is kept.
    func require(_ conditions: RepositoryConditions, noTagKeptIn repository: RepositoryName, _ holder: Int64)
        throws
    {
        guard conditions.keepsTags else { return }
        let names = try Row.fetchCursor(
            cachedStatement(sql: "SELECT name FROM tag WHERE repository = ?"), arguments: [holder])
        while let row = try names.next() {
            let tag = try row.parsed(0, "tag.name") { try Tag($0 as String) }
            if conditions.keeps(tag) { throw PolicyRefusal.tagIsKept(tag, in: repository) }
        }
    }

    /// The bytes of all repositories whose names match, from an index that holds names and sizes alone.
    fileprivate func used(by repositories: Glob) throws -> Int64 {
        let start = repositories.literalPrefix
        guard !repositories.isPrefix else {
            let row = try row(
                """
                SELECT coalesce(sum(size), 0) FROM repository
                WHERE name >= ? AND name < ? AND removed_name IS NULL
                """,
                [start, start + Self.afterAnyName])
            return try row?.value(0, "size") ?? 0
        }
        var sum: Int64 = 0
        let sizes = try Row.fetchCursor(
            cachedStatement(
                sql: """
                    SELECT name, size FROM repository
                    WHERE name >= ? AND name < ? AND removed_name IS NULL
                    """),
            arguments: [start, start + Self.afterAnyName])
        while let row = try sizes.next() {
            if repositories.matches(try row.value(0, "name")) { sum += try row.value(1, "size") as Int64 }
        }
        return sum
    }

    /// Comes after every character of a repository's name.
    private static var afterAnyName: String { "\u{7F}" }
}
