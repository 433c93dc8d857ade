import GRDB
package import OCI
package import ServerKit

/// A blob that a snapshot has a row of.
package struct SnapshotBlob: Hashable, Sendable {
    package let digest: Digest
    package let size: Int64
    /// Whether some repository holds it. Any other may be collected at any moment.
    package let isHeld: Bool
}

/// The database as it was at one moment, in a file of its own. All calls block.
package final class DatabaseSnapshot: Sendable {
    private let queue: DatabaseQueue
    private let path: String

    private init(_ queue: DatabaseQueue, _ path: String) {
        self.queue = queue
        self.path = path
    }

    /// Copies what `store` holds now to `path`, while others read and write; a file that is there is replaced. It
    /// is durable when this returns, and needs no file beside it.
    package static func make(of store: SQLiteStore, at path: String) throws(StoreError) -> DatabaseSnapshot {
        do {
            try OwnFile.remove(path)
            try OwnFile.create(path)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            // In one step, so that no change of another process has it begin anew.
            try store.pool.backup(to: queue)
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA journal_mode = DELETE")
                // Their bytes stay behind.
                try database.execute(sql: "DELETE FROM upload")
                // What is put back stands on its own.
                try CopyPlace.forget(database)
            }
            try OwnFile.sync(path)
            return DatabaseSnapshot(queue, path)
        } catch {
            throw StoreError(from: error, "copying the database to \(path)")
        }
    }

    /// Opens one that was made before, to read it. Throws `.damaged` for a file that is no whole database of this
    /// program.
    package init(opening path: String) throws(StoreError) {
        do {
            var configuration = Self.configuration
            configuration.readonly = true
            self.path = path
            self.queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.read { database in
                try Migrations.requireOwn(database, path: path)
                let found = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
                guard found == "ok" else {
                    throw StoreError(.damaged, found ?? "it cannot be read")
                }
            }
        } catch {
            throw StoreError(from: error, "opening \(path)")
        }
    }

    /// Those after `last` in the order of their digests, without those that are known to be damaged.
    package func blobs(after last: Digest?, limit: Int) throws(StoreError) -> [SnapshotBlob] {
        do {
            return try queue.read { database in
                try database.rows(
                    """
                    SELECT digest, size, unheld_since IS NULL FROM blob
                    WHERE digest > ? AND digest NOT IN (SELECT digest FROM damage WHERE repository = 0)
                    ORDER BY digest LIMIT ?
                    """, [last?.description ?? "", limit]
                ) { row in
                    SnapshotBlob(
                        digest: try row.parsed(0, "blob.digest") { try Digest($0 as String) },
                        size: try row.value(1, "blob.size"), isHeld: try row.value(2, "held"))
                }
            }
        } catch {
            throw StoreError(from: error, "reading \(path)")
        }
    }

    /// Those of the digests that it has a row of.
    package func known(among digests: [Digest]) throws(StoreError) -> Set<Digest> {
        do {
            return try queue.read { database in
                try Set(
                    digests.filter {
                        try database.has("SELECT 1 FROM blob WHERE digest = ?", [$0.description])
                    })
            }
        } catch {
            throw StoreError(from: error, "reading \(path)")
        }
    }

    package func close() throws(StoreError) {
        do { try queue.close() } catch { throw StoreError(from: error, "closing \(path)") }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "homeport.snapshot"
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
        }
        return configuration
    }
}
