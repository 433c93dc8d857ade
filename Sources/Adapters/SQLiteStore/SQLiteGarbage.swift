import FoundationEssentials
import GRDB
package import OCI
package import Registry
package import ServerKit

extension SQLiteStore: GarbageStore {
    package func garbage(of kind: GarbageKind, by rule: GarbageRule, after last: String?, limit: Int)
        async throws(StoreError) -> GarbagePage
    {
        try await readTogether("looking for garbage") { database in
            let search = GarbageSearch(database: database, rule: rule)
            let mark = GarbageMark(last)
            return switch kind {
            case .manifests: try search.manifests(after: mark, limit: limit)
            case .links: try search.links(after: mark, limit: limit)
            case .repositories: try search.repositories(after: mark, limit: limit)
            case .blobs: try search.blobs(after: mark, limit: limit)
            }
        }
    }

    package func remove(_ garbage: [Garbage], of kind: GarbageKind, by rule: GarbageRule)
        async throws(StoreError) -> GarbageRemoval
    {
        try await write("removing garbage", announcing: .registry) { [now] database in
            var disposal = GarbageDisposal(
                search: GarbageSearch(database: database, rule: rule), date: now())
            for item in garbage where disposal.removal.done == 0 || disposal.patience.lasts {
                let isDone =
                    switch kind {
                    case .manifests: try disposal.removeManifest(item)
                    case .links: try disposal.removeLink(item)
                    case .repositories: try disposal.removeRepository(item)
                    case .blobs: true
                    }
                guard isDone else { break }
                disposal.removal.done += 1
            }
            return disposal.removal
        }
    }

    package func noteUse(of digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Bool {
        try await write("noting the use of \(digest) in \(repository)") { [now] database in
            var isThere = false
            if let row = try database.row(Self.linkedBlob, [repository.text, digest.description]) {
                try database.refresh(link: row.value(0, "id"), in: row.value(2, "repository"), at: now())
                isThere = true
            }
            guard let holder = try database.repository(repository),
                let manifest = try database.manifest(digest, in: holder)
            else { return isThere }
            try database.run(
                "UPDATE manifest SET rests_since = ? WHERE id = ? AND rests_since IS NOT NULL",
                [now().microseconds, manifest])
            return true
        }
    }

    package func strays(among digests: [Digest], remove: (@Sendable (Digest) throws -> Void)?)
        async throws(StoreError) -> [Digest]
    {
        guard let remove else {
            return try await readTogether("looking for files that no row knows") { database in
                try database.strays(among: digests)
            }
        }
        if let follower {
            return try await SharedRemoval(store: self, follower: follower, remove: remove)
                .removeStrays(among: digests)
        }
        // Alone in its transaction, as `collect` is.
        return try await write("removing files that no row knows", isAlone: true) { database in
            let strays = try database.strays(among: digests)
            for digest in strays { try remove(digest) }
            return strays
        }
    }
}

extension Database {
    func strays(among digests: [Digest]) throws -> [Digest] {
        try digests.filter { try !has("SELECT 1 FROM blob WHERE digest = ?", [$0.description]) }
    }
}

/// Where a page ends: the time and the rows of its last item, joined by dots.
struct GarbageMark {
    private let numbers: [Int64]

    init(_ text: String?) {
        numbers = text?.split(separator: ".").compactMap { Int64($0) } ?? []
    }

    init(_ numbers: Int64...) { self.numbers = numbers }

    /// At the beginning, smaller than any.
    subscript(_ index: Int) -> Int64 { index < numbers.count ? numbers[index] : .min }

    var isComplete: Bool { !numbers.isEmpty }

    var text: String { numbers.map { "\($0)" }.joined(separator: ".") }
}
