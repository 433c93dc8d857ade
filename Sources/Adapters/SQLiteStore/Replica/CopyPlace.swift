import GRDB
import Replication
import ServerKit

/// Which log a database is a copy of, and how far it has come.
struct CopyPlace: Equatable {
    let log: String
    let position: Int64
    /// Whether it has come apart from the log, and is to be made anew.
    var isBroken = false

    /// Nil for a database that is on its own.
    static func read(_ database: Database) throws -> CopyPlace? {
        guard try database.tableExists("log_place") else { return nil }
        return try database.row("SELECT log, position, is_broken FROM log_place WHERE id = 1").map { row in
            CopyPlace(
                log: try row.value(0, "log_place.log"), position: try row.value(1, "log_place.position"),
                isBroken: try row.value(2, "log_place.is_broken"))
        }
    }

    func write(_ database: Database) throws {
        try database.run(
            """
            INSERT INTO log_place (id, log, position, is_broken) VALUES (1, ?1, ?2, ?3)
            ON CONFLICT (id) DO UPDATE SET log = ?1, position = ?2, is_broken = ?3
            """, [log, position, isBroken])
    }

    /// Makes a database one that is on its own.
    static func forget(_ database: Database) throws { try database.run("DELETE FROM log_place") }
}

/// A copy on its way along the log.
extension CopyPlace {
    /// Where a copy stands. Throws `.damaged` for a database that is on its own.
    static func ofCopy(_ database: Database) throws -> CopyPlace {
        guard let place = try read(database) else {
            throw StoreError(.damaged, "the database does not say which log it belongs to")
        }
        return place
    }

    /// The one after this.
    var next: CopyPlace { CopyPlace(log: log, position: position + 1) }

    /// Applies those of `entries` that the copy lacks, whoever has applied the others, in a transaction of its own;
    /// where the copy stands then. What an entry of another kind than a change asks for is the caller's.
    static func advance(_ database: Database, by entries: [LogEntry]) throws -> CopyPlace {
        try ChangeSet.withoutConsequences(database) {
            var place = try ofCopy(database)
            try database.inTransaction(.immediate) {
                place = try ofCopy(database)
                for entry in entries where entry.position > place.position {
                    try place.admit(entry)
                    if entry.kind == .change { try apply(entry, to: database) }
                    place = place.next
                }
                try place.write(database)
                return .commit
            }
            return place
        }
    }

    /// Throws when an entry cannot be the next one.
    func admit(_ entry: LogEntry) throws {
        guard entry.position == position + 1 else {
            throw StoreError(
                .damaged, "the log goes on at \(entry.position), and this copy has come to \(position)")
        }
        guard entry.schema <= Migrations.count else {
            throw StoreError(
                .failed,
                "a newer version of homeport works on the shared facts now: update this one, then start it again"
            )
        }
    }

    private static func apply(_ entry: LogEntry, to database: Database) throws {
        do {
            try ChangeSet.apply(entry.bytes, to: database)
        } catch let error as StoreError {
            throw StoreError(error.kind, "entry \(entry.position) of the shared log: \(error.description)")
        }
    }
}
