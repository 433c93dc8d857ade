import GRDB
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
