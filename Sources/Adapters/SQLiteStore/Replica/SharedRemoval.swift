import FoundationEssentials
import GRDB
import OCI
import ServerKit
import Synchronization

/// Bytes that go while other servers may link to them.
///
/// A transaction of a shared log may have to be made anew, so bytes cannot go inside of it. Instead the row says
/// first that they are leaving, which no link gets past; then they go, and then the row does. What a server leaves
/// half done another one ends.
struct SharedRemoval {
    let store: SQLiteStore
    let follower: Follower
    let remove: @Sendable (Digest) throws -> Void

    /// Forgets blobs that nobody holds, as `BlobLinks.collect` says.
    func collect(unheldSince moment: Date, limit: Int) async throws(StoreError) -> [Digest: Int64] {
        let begun = follower.replica.leaving.withLock { Array($0.prefix(Self.countAtOnce)) }
        let leaving = try await store.write("marking blobs that go") { [now = store.now] database in
            var found = try Self.half(begun, in: database)
            found += try database.rows(
                """
                SELECT digest, size FROM blob
                WHERE unheld_since <= ? AND coalesce(leaving_since <= ?, 1) ORDER BY unheld_since, id LIMIT ?
                """,
                [
                    moment.microseconds, now().addingTimeInterval(-Self.abandonedAfter).microseconds,
                    max(0, min(limit, Self.countAtOnce) - found.count),
                ], Self.blob)
            for blob in found { try Self.mark(blob.digest, at: now(), in: database) }
            return Dictionary(found.map { ($0.digest, $0.size) }, uniquingKeysWith: { one, _ in one })
        }
        try await take(Array(leaving.keys))
        return leaving
    }

    /// Removes bytes that no row knows, as `GarbageStore.strays` says.
    func removeStrays(among digests: [Digest]) async throws(StoreError) -> [Digest] {
        var gone: [Digest] = []
        for start in stride(from: 0, to: digests.count, by: Self.countAtOnce) {
            let some = Array(digests[start..<min(digests.count, start + Self.countAtOnce)])
            let strays = try await store.write("marking files that go") { [now = store.now] database in
                let strays = try database.strays(among: some)
                for digest in strays {
                    try database.run(
                        "INSERT INTO blob (digest, size, unheld_since) VALUES (?, 0, ?)",
                        [digest.description, now().microseconds])
                    try Self.mark(digest, at: now(), in: database)
                }
                return strays
            }
            try await take(strays)
            gone += strays
        }
        return gone
    }

    /// What this server has begun with and not ended.
    private static func half(_ digests: [Digest], in database: Database) throws -> [(
        digest: Digest, size: Int64
    )] {
        try digests.compactMap { digest in
            try database.row(
                "SELECT digest, size FROM blob WHERE digest = ? AND leaving_since IS NOT NULL",
                [digest.description]
            ).map(blob)
        }
    }

    private static func blob(_ row: Row) throws -> (digest: Digest, size: Int64) {
        (try row.parsed(0, "digest") { try Digest($0 as String) }, try row.value(1, "size"))
    }

    private func take(_ digests: [Digest]) async throws(StoreError) {
        guard !digests.isEmpty else { return }
        follower.replica.leaving.withLock { $0.formUnion(digests) }
        try await follower.upkeep.runStore { [remove] () throws(StoreError) in
            for digest in digests {
                do { try remove(digest) } catch { throw StoreError(from: error, "removing blob \(digest)") }
            }
        }
        try await store.write("forgetting blobs that went") { database in
            for digest in digests {
                try database.run(
                    "DELETE FROM blob WHERE digest = ? AND leaving_since IS NOT NULL", [digest.description])
            }
        }
        follower.replica.leaving.withLock { $0.subtract(digests) }
    }

    private static func mark(_ digest: Digest, at date: Date, in database: Database) throws {
        try database.run(
            "UPDATE blob SET leaving_since = ? WHERE digest = ?", [date.microseconds, digest.description])
    }

    /// What one step takes: each of them may be a question to a server far away.
    private static let countAtOnce = 32
    /// After how long, in seconds, another server ends what one has begun. Longer than removing takes, however slow
    /// it is.
    private static let abandonedAfter: TimeInterval = 900
}

/// A blob whose bytes are just going: who links to it waits until they are gone, and puts them there again.
enum LeavingBlob {
    /// How often and how long, in all some 20 seconds.
    static let attempts = 100
    static let pause = Duration.milliseconds(200)
}

extension Database {
    /// Whether the bytes of a blob are just going.
    func isLeaving(_ digest: Digest) throws -> Bool {
        try has("SELECT 1 FROM blob WHERE digest = ? AND leaving_since IS NOT NULL", [digest.description])
    }
}
