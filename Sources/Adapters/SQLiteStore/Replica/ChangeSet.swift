import CSQLite
import GRDB
import ServerKit

/// Notes which rows change on a connection, by SQLite's session extension: those that statements, triggers and
/// foreign keys change.
///
/// Like the connection it is used by one thread at a time.
final class ChangeRecording {
    private let session: OpaquePointer

    /// Begins to note, in all tables.
    init(_ database: Database) throws {
        var session: OpaquePointer?
        try Self.check(sqlite3session_create(database.sqliteConnection, "main", &session), "beginning")
        guard let session else { throw StoreError(.unavailable, "noting changes: out of memory") }
        self.session = session
        // Deletes the session by itself where it fails from here on.
        try Self.check(sqlite3session_attach(session, nil), "naming all tables")
    }

    deinit { sqlite3session_delete(session) }

    /// What differs from the beginning; empty when nothing does.
    func changes() throws -> [UInt8] {
        var count: CInt = 0
        var memory: UnsafeMutableRawPointer?
        try Self.check(sqlite3session_changeset(session, &count, &memory), "taking them")
        defer { sqlite3_free(memory) }
        return Array(UnsafeRawBufferPointer(start: memory, count: Int(count)))
    }

    private static func check(_ code: CInt, _ doing: String) throws {
        guard code != SQLITE_OK else { return }
        let kind: StoreError.Kind = code == SQLITE_NOMEM ? .unavailable : .failed
        throw StoreError(kind, "noting changes: \(doing): \(String(cString: sqlite3_errstr(code)))")
    }
}

/// Rows that changed elsewhere.
enum ChangeSet {
    /// Makes rows what they became elsewhere, inside a transaction. Throws `.damaged` when one is not what it was
    /// there.
    ///
    /// Triggers and foreign keys have to be off: what they did is among the changes.
    static func apply(_ bytes: [UInt8], to database: Database) throws {
        let connection = database.sqliteConnection
        var bytes = bytes
        let code = bytes.withUnsafeMutableBytes { raw in
            sqlite3changeset_apply(
                connection, CInt(raw.count), raw.baseAddress, nil, { _, _, _ in SQLITE_CHANGESET_ABORT }, nil)
        }
        switch code {
        case SQLITE_OK: return
        case SQLITE_FULL, SQLITE_IOERR: throw DatabaseError(resultCode: ResultCode(rawValue: code))
        case SQLITE_NOMEM, SQLITE_BUSY: throw StoreError(.unavailable, String(cString: sqlite3_errstr(code)))
        default:
            throw StoreError(
                .damaged, "a row is not what it was elsewhere (\(String(cString: sqlite3_errstr(code))))")
        }
    }

    /// Runs `body` with triggers and foreign keys off. Outside of every transaction.
    static func withoutConsequences<Value>(_ database: Database, _ body: () throws -> Value) throws -> Value {
        try database.execute(sql: "PRAGMA foreign_keys = OFF")
        homeport_sqlite_use_triggers(database.sqliteConnection, 0)
        let outcome = Result { try body() }
        homeport_sqlite_use_triggers(database.sqliteConnection, 1)
        try database.execute(sql: "PRAGMA foreign_keys = ON")
        return try outcome.get()
    }
}
