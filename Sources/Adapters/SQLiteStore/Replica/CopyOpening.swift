import GRDB
import Replication
import ServerKit

/// Makes a file a copy of a shared log, before it is opened, or sees that it is one.
///
/// A file on its own begins the log where there is none; where there is one, it is refused, as are copies of other
/// logs and those that know more than the log. One that is too old to follow, or has come apart, is made anew by
/// whoever may.
struct CopyOpening {
    let path: String
    let log: any SharedLog
    /// Whether nobody else has the file open, so that it may be replaced.
    let mayReplace: Bool

    /// Where the copy stands that lies at `path` now. When the log cannot be asked and there is a copy, that is
    /// taken as it is.
    func prepare() throws -> CopyPlace {
        let found = try existing()
        do {
            if let origin = try log.origin() { return try join(origin, found) }
            if let place = try begin(found) { return place }
            guard let origin = try log.origin() else {
                throw StoreError(.unavailable, "the shared log was begun and is not to be seen")
            }
            return try join(origin, found)
        } catch let error as StoreError where error.kind == .unavailable {
            guard case .copy(let place) = found, !place.isBroken else { throw error }
            return place
        }
    }

    private enum Existing {
        case nothing
        /// A database that knows of no log.
        case alone
        case copy(CopyPlace)
    }

    private func existing() throws -> Existing {
        guard try OwnFile.size(path) ?? 0 > 0 else { return .nothing }
        let place = try Self.reading(path) { try CopyPlace.read($0) }
        return place.map(Existing.copy) ?? .alone
    }

    /// Begins the log; nil when somebody else has.
    private func begin(_ found: Existing) throws -> CopyPlace? {
        switch found {
        case .copy(let place):
            throw StoreError(
                .failed,
                "\(path) is a copy of the shared facts \(place.log), and the MongoDB holds none: see that `mongodb` in "
                    + "the configuration names the right database")
        case .nothing:
            let origin = LogOrigin(id: LogOrigin.newID(), schema: Migrations.count, hasSnapshot: false)
            return try log.begin(origin) ? try makeAnew(origin) : nil
        case .alone:
            return try share()
        }
    }

    /// Begins the log with what is in the file.
    private func share() throws -> CopyPlace? {
        let queue = try DatabaseQueue(path: path)
        try Migrations.bringUpToDate(queue, path: path)
        let name = try queue.read(Self.installation)
        let origin = LogOrigin(id: name, schema: Migrations.count, hasSnapshot: true)
        let place = CopyPlace(log: origin.id, position: 0)
        try CopySnapshot(folderOf: path, log: log).publish(queue, as: place)
        let isFirst = try log.begin(origin)
        if isFirst { try queue.write { try place.write($0) } }
        try queue.close()
        return isFirst ? place : nil
    }

    private func join(_ origin: LogOrigin, _ found: Existing) throws -> CopyPlace {
        switch found {
        case .nothing: return try makeAnew(origin)
        case .copy(let place): return try check(place, of: origin)
        case .alone:
            throw StoreError(
                .failed,
                "\(path) holds facts of its own, and the MongoDB those of other servers: give this server an empty "
                    + "data folder, or a database of its own in `mongodb.database`")
        }
    }

    private func check(_ place: CopyPlace, of origin: LogOrigin) throws -> CopyPlace {
        guard place.log == origin.id else {
            throw StoreError(
                .failed,
                "\(path) is a copy of another shared log than the one in the MongoDB: give this server an empty data "
                    + "folder, or see that `mongodb` in the configuration names the right database")
        }
        if place.isBroken { return try replaced(origin, "has come apart from the shared log") }
        guard place.position > 0 else {
            let first = try log.entries(after: 0, limit: 1).first
            let isTooOld = first.map { $0.position > 1 } ?? false
            return isTooOld ? try replaced(origin, "is too old to follow the shared log") : place
        }
        let here = try log.entries(after: place.position - 1, limit: 1).first
        guard let here else {
            throw StoreError(
                .failed,
                "\(path) knows of \(place.position) changes, and the MongoDB of fewer: it was put back to an older "
                    + "state. To go on from there, remove \(path) and start the server again; what came later is lost"
            )
        }
        guard here.position == place.position else {
            return try replaced(origin, "is too old to follow the shared log")
        }
        return place
    }

    private func replaced(_ origin: LogOrigin, _ reason: String) throws -> CopyPlace {
        guard mayReplace else {
            throw StoreError(.failed, "\(path) \(reason): start the server anew, which makes it again")
        }
        return try makeAnew(origin)
    }

    /// Makes the copy of the newest snapshot, or an empty one.
    private func makeAnew(_ origin: LogOrigin) throws -> CopyPlace {
        try Self.remove(path)
        if let snapshot = try log.newestSnapshot(of: origin) {
            return try CopySnapshot(folderOf: path, log: log).fetch(snapshot, of: origin, to: path)
        }
        guard !origin.hasSnapshot else {
            throw StoreError(.damaged, "the snapshot is gone that the shared log begins with")
        }
        let place = CopyPlace(log: origin.id, position: 0)
        try OwnFile.create(path)
        let queue = try DatabaseQueue(path: path)
        try Migrations.bringUpToDate(queue, path: path, to: origin.schema)
        try queue.write { database in
            try place.write(database)
            try database.run("UPDATE installation SET name = ?", [origin.id])
        }
        try queue.close()
        return place
    }

    /// Brings an open copy to the newest state and to the newest schema, by the log. A program that is newer than the
    /// copy writes that all copies are to be brought up to date.
    ///
    /// When the log does not answer, a copy of this version's schema stays as it is.
    func advance(_ pool: DatabasePool, from place: CopyPlace) throws -> CopyPlace {
        var place = place
        do {
            while true {
                let entries = try log.entries(after: place.position, limit: Self.entriesAtOnce)
                let version = try pool.read(Migrations.version)
                if let first = entries.first {
                    place = try take(first, entries, pool, from: place, version)
                } else if version < Migrations.count {
                    // Whoever is first: what stands there then comes next.
                    _ = try log.append(
                        LogEntry(position: place.next.position, kind: .schema, schema: Migrations.count))
                } else {
                    return place
                }
            }
        } catch let error as StoreError where error.kind == .unavailable {
            guard try pool.read(Migrations.version) == Migrations.count else { throw error }
        }
        return place
    }

    /// Takes the entries up to the next one that brings copies up to date, or that one alone.
    private func take(
        _ first: LogEntry, _ entries: [LogEntry], _ pool: DatabasePool, from place: CopyPlace, _ version: Int
    ) throws -> CopyPlace {
        var entries = entries
        if first.kind == .schema {
            try place.admit(first)
            try Migrations.bringUpToDate(pool, path: path, to: max(first.schema, version))
            entries = [first]
        } else {
            entries = Array(entries.prefix { $0.kind != .schema })
        }
        return try pool.writeWithoutTransaction { try CopyPlace.advance($0, by: entries) }
    }

    private static let entriesAtOnce = 64

    /// What tells the facts of a database from all others.
    static func installation(_ database: Database) throws -> String {
        guard let row = try database.row("SELECT name FROM installation") else {
            throw StoreError(.damaged, "the table installation is empty")
        }
        return try row.value(0, "installation.name")
    }

    static func remove(_ path: String) throws {
        for ending in ["", "-wal", "-shm"] { try OwnFile.remove(path + ending) }
    }

    /// Reads a file that is not open.
    static func reading<Value>(_ path: String, _ body: (Database) throws -> Value) throws -> Value {
        let queue = try DatabaseQueue(path: path)
        let outcome = Result {
            try queue.read {
                try Migrations.requireOwn($0, path: path); return try body($0)
            }
        }
        try queue.close()
        return try outcome.get()
    }
}
