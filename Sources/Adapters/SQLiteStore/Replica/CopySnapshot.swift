import Crypto
import Foundation
import GRDB
import Replication
import ServerKit

/// Whole copies on their way into a shared log and out of it.
struct CopySnapshot {
    private let folder: String
    private let log: any SharedLog

    /// - Parameter path: a file in the folder where the work is done.
    init(folderOf path: String, log: any SharedLog) {
        self.folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        self.log = log
    }

    /// Puts a copy of `database` into the log.
    ///
    /// - Parameter place: where it stands, when it does not say so itself.
    func publish(_ database: any DatabaseReader, as place: CopyPlace? = nil) throws {
        let id = LogOrigin.newID()
        let path = "\(folder)/homeport.db-snapshot-\(id)"
        defer { try? CopyOpening.remove(path) }
        try OwnFile.create(path)
        let queue = try DatabaseQueue(path: path)
        try database.backup(to: queue)
        let (found, schema) = try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = DELETE")
            if let place {
                try database.inTransaction {
                    try place.write(database); return .commit
                }
            }
            return (try CopyPlace.read(database), try Migrations.version(of: database))
        }
        try queue.close()
        guard let found else { throw StoreError(.damaged, "the copy does not say which log it belongs to") }
        try send(path, id: id, found, schema: schema)
    }

    private func send(_ path: String, id: String, _ place: CopyPlace, schema: Int) throws {
        let file = try FileHandle(forReadingFrom: URL(filePath: path))
        defer { try? file.close() }
        var hash = SHA256()
        var (count, size) = (0, Int64(0))
        while let part = try file.read(upToCount: LogSnapshot.partSize), !part.isEmpty {
            hash.update(data: part)
            try log.keep(Array(part), part: count, of: id)
            count += 1
            size += Int64(part.count)
        }
        try log.publish(
            LogSnapshot(
                id: id, log: place.log, position: place.position, schema: schema, partCount: count,
                size: size,
                checksum: hash.finalize().hex))
    }

    /// Makes a copy at `path` of a snapshot; where it stands.
    func fetch(_ snapshot: LogSnapshot, of origin: LogOrigin, to path: String) throws -> CopyPlace {
        guard snapshot.schema <= Migrations.count else {
            throw StoreError(
                .failed,
                "the shared facts were written by a newer version of homeport: update this one, then start it again"
            )
        }
        let part = "\(path)-part"
        try CopyOpening.remove(part)
        try OwnFile.create(part)
        defer { try? CopyOpening.remove(part) }
        try receive(snapshot, part)
        let queue = try DatabaseQueue(path: part)
        let place = try queue.write { database in
            try Migrations.requireOwn(database, path: part)
            return try CopyPlace.read(database)
        }
        try queue.close()
        guard place == CopyPlace(log: origin.id, position: snapshot.position) else {
            throw StoreError(.damaged, "the snapshot \(snapshot.id) of the shared log is one of another log")
        }
        try OwnFile.rename(part, path)
        try OwnFile.syncFolder(of: path)
        return CopyPlace(log: origin.id, position: snapshot.position)
    }

    private func receive(_ snapshot: LogSnapshot, _ path: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        defer { try? file.close() }
        var hash = SHA256()
        var size: Int64 = 0
        for number in 0..<snapshot.partCount {
            let part = try log.part(number, of: snapshot)
            hash.update(data: part)
            size += Int64(part.count)
            try file.write(contentsOf: part)
        }
        guard size == snapshot.size, hash.finalize().hex == snapshot.checksum else {
            throw StoreError(.damaged, "the snapshot \(snapshot.id) of the shared log is not whole")
        }
        try file.synchronize()
    }
}
