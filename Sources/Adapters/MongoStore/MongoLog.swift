import FoundationEssentials
package import Replication
package import ServerKit

/// A log in a MongoDB: each entry is a document whose `_id` is its position, which the server lets exist once.
///
/// It needs nothing of a MongoDB but that, so that any server that speaks its protocol will do. Entries are read as
/// most of the servers of a replica set have them, so that none is seen that a change of the primary takes back.
package final class MongoLog: SharedLog {
    private let driver: MongoDriver
    private let entries: String
    private let parts: String
    private let snapshots: String

    /// Makes ready; nothing is asked yet.
    package init(_ settings: MongoSettings) throws(StoreError) {
        self.driver = try MongoDriver(settings)
        self.entries = settings.collections.facts
        self.parts = settings.collections.facts + "_parts"
        self.snapshots = settings.collections.facts + "_snapshots"
    }

    package func origin() throws(StoreError) -> LogOrigin? {
        try call("looking for the shared facts") { client in
            try client.find(self.entries, ["_id": .int64(0)], limit: 1, isMajority: true).first.map(
                Self.origin)
        }
    }

    package func begin(_ origin: LogOrigin) throws(StoreError) -> Bool {
        try insert(
            [
                "_id": .int64(0), "log": .string(origin.id), "schema": .integer(origin.schema),
                "snapshot": .bool(origin.hasSnapshot), "format": .integer(Self.format),
            ], "beginning the shared facts")
    }

    package func entries(after position: Int64, limit: Int) throws(StoreError) -> [LogEntry] {
        try call("reading shared facts") { client in
            let found = try client.find(
                self.entries, ["_id": ["$gt": .int64(position)]], sort: ["_id": 1], limit: limit,
                isMajority: true)
            var entries: [LogEntry] = []
            for document in found {
                let entry = try Self.entry(document) { try self.bytes($0, count: $1, client) }
                // One that is not to be seen yet may come before one that is.
                guard entries.last.map({ $0.position + 1 == entry.position }) ?? true else { break }
                entries.append(entry)
            }
            return entries
        }
    }

    package func append(_ entry: LogEntry) throws(StoreError) -> Bool {
        var document: BSONDocument = [
            "_id": .int64(entry.position), "kind": .string(entry.kind.rawValue),
            "schema": .integer(entry.schema), "topics": .integer(entry.topics),
        ]
        if entry.bytes.count <= Self.partSize {
            document.append("bytes", .binary(entry.bytes))
        } else {
            let id = LogOrigin.newID()
            let count = (entry.bytes.count + Self.partSize - 1) / Self.partSize
            for number in 0..<count {
                let start = number * Self.partSize
                let part = Array(entry.bytes[start..<min(entry.bytes.count, start + Self.partSize)])
                try keep(part, part: number, of: id, entry: entry.position)
            }
            document.append("parts", .integer(count))
            document.append("partsOf", .string(id))
        }
        return try insert(document, "writing shared facts")
    }

    /// False when there is a document of this identifier.
    private func insert(_ document: BSONDocument, _ doing: String) throws(StoreError) -> Bool {
        do throws(StoreError) {
            try call(doing) { client in try client.insert(self.entries, [document]) }
            return true
        } catch {
            guard error.kind == .conflict else { throw error }
            return false
        }
    }

    private func bytes(_ id: String, count: Int, _ client: MongoClient) throws -> [UInt8] {
        var bytes: [UInt8] = []
        for number in 0..<count { bytes += try part(number, of: id, client) }
        return bytes
    }

    private func part(_ number: Int, of id: String, _ client: MongoClient) throws -> [UInt8] {
        let found = try client.find(
            parts, ["_id": .string("\(id)/\(number)")], limit: 1, isMajority: true)
        guard case .binary(let bytes)? = found.first?["bytes"] else {
            throw StoreError(.missing, "part \(number) of \(id) is not there")
        }
        return bytes
    }

    private func call<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (MongoClient) throws -> Value
    ) throws(StoreError) -> Value {
        do throws(StoreError) {
            let value = try driver.callHere(doing, body)
            MongoMetrics.count(nil)
            return value
        } catch {
            // Losing a race is no failure.
            MongoMetrics.count(error.kind == .conflict ? nil : error.kind)
            throw error
        }
    }

    /// What a part of an entry or a snapshot may have: a document may have 16 MiB.
    private static let partSize = LogSnapshot.partSize
    /// Of these documents; one that a newer version writes otherwise gets another number.
    private static let format = 1
}

extension MongoLog {
    package func newestSnapshot(of log: LogOrigin) throws(StoreError) -> LogSnapshot? {
        try call("looking for a snapshot of the shared facts") { client in
            try client.find(
                self.snapshots, ["log": .string(log.id)], sort: ["position": -1], limit: 1, isMajority: true
            ).first.map(Self.snapshot)
        }
    }

    package func keep(_ bytes: [UInt8], part: Int, of snapshot: LogSnapshot.ID) throws(StoreError) {
        try keep(bytes, part: part, of: snapshot, entry: nil)
    }

    private func keep(_ bytes: [UInt8], part: Int, of id: String, entry: Int64?) throws(StoreError) {
        var document: BSONDocument = [
            "_id": .string("\(id)/\(part)"), "of": .string(id), "bytes": .binary(bytes),
            "at": .date(Int64(Date().timeIntervalSince1970 * 1000)),
        ]
        document.append("entry", entry.map(BSON.int64))
        let kept = document
        try call("keeping a part of the shared facts") { client in try client.insert(self.parts, [kept]) }
    }

    package func publish(_ snapshot: LogSnapshot) throws(StoreError) {
        try call("publishing a snapshot of the shared facts") { client in
            try client.insert(
                self.snapshots,
                [
                    [
                        "_id": .string(snapshot.id), "log": .string(snapshot.log),
                        "position": .int64(snapshot.position), "schema": .integer(snapshot.schema),
                        "parts": .integer(snapshot.partCount), "size": .int64(snapshot.size),
                        "checksum": .string(snapshot.checksum),
                    ]
                ])
        }
    }

    package func part(_ number: Int, of snapshot: LogSnapshot) throws(StoreError) -> [UInt8] {
        try call("reading a snapshot of the shared facts") { client in
            try self.part(number, of: snapshot.id, client)
        }
    }

    package func trim(_ log: LogOrigin) throws(StoreError) {
        try call("shortening the shared facts") { client in
            let all = try client.find(
                self.snapshots, ["log": .string(log.id)], sort: ["position": -1]
            ).map(Self.snapshot)
            guard all.count >= 2 else { return }
            for old in all.dropFirst(2) {
                _ = try client.delete(self.snapshots, ["_id": .string(old.id)])
                _ = try client.delete(self.parts, ["of": .string(old.id)])
            }
            try self.removeEntries(client, through: all[1].position)
            try Self.removeLeftovers(client, parts: self.parts, kept: all.map(\.id))
        }
    }

    /// Entries go by their identifiers, some at a time, the oldest first: what is left has no gap, whatever ends it.
    private func removeEntries(_ client: MongoClient, through last: Int64) throws {
        let first = try client.find(entries, ["_id": ["$gt": .int64(0)]], sort: ["_id": 1], limit: 1).first
        guard var position = first?["_id"]?.wholeNumber else { return }
        while position <= last {
            let end = min(last, position + Self.removedAtOnce - 1)
            let some = BSON.array((position...end).map(BSON.int64))
            _ = try client.delete(entries, ["_id": ["$in": some]])
            _ = try client.delete(parts, ["entry": ["$in": some]])
            position = end + 1
        }
    }

    private static let removedAtOnce: Int64 = 500

    /// Removes parts of snapshots that were never published, after a day.
    private static func removeLeftovers(_ client: MongoClient, parts: String, kept: [String]) throws {
        let yesterday = Int64((Date().timeIntervalSince1970 - 86_400) * 1000)
        _ = try client.delete(
            parts,
            [
                "entry": .null, "at": ["$lt": .date(yesterday)],
                "of": ["$nin": .array(kept.map(BSON.string))],
            ])
    }
}

/// Documents as values.
extension MongoLog {
    private static func origin(_ document: BSONDocument) throws -> LogOrigin {
        try reading(document) { () throws(DocumentProblem) in
            let format = try document.neededNumber("format")
            guard format == Self.format else {
                throw DocumentProblem("`format` is \(format), which a newer version of homeport has written")
            }
            return LogOrigin(
                id: try document.neededText("log"), schema: try document.neededNumber("schema"),
                hasSnapshot: try document.flag("snapshot"))
        }
    }

    private static func entry(
        _ document: BSONDocument, parts: (_ id: String, _ count: Int) throws -> [UInt8]
    ) throws -> LogEntry {
        let bytes: [UInt8]
        if case .binary(let whole)? = document["bytes"] {
            bytes = whole
        } else {
            let (id, count) = try reading(document) { () throws(DocumentProblem) in
                (
                    try document.text("partsOf"),
                    try document.text("partsOf") == nil ? 0 : document.neededNumber("parts")
                )
            }
            bytes = try id.map { try parts($0, count) } ?? []
        }
        return try reading(document) { () throws(DocumentProblem) in
            guard let position = document["_id"]?.wholeNumber,
                let kind = LogEntry.Kind(rawValue: try document.neededText("kind"))
            else { throw DocumentProblem("it is no entry of the shared facts") }
            return LogEntry(
                position: position, kind: kind, schema: try document.neededNumber("schema"),
                topics: try document.neededNumber("topics"), bytes: bytes)
        }
    }

    private static func snapshot(_ document: BSONDocument) throws -> LogSnapshot {
        try reading(document) { () throws(DocumentProblem) in
            LogSnapshot(
                id: try document.neededText("_id"), log: try document.neededText("log"),
                position: Int64(try document.neededNumber("position")),
                schema: try document.neededNumber("schema"), partCount: try document.neededNumber("parts"),
                size: Int64(try document.neededNumber("size")), checksum: try document.neededText("checksum"))
        }
    }

    private static func reading<Value>(
        _ document: BSONDocument, _ body: () throws(DocumentProblem) -> Value
    ) throws -> Value {
        do throws(DocumentProblem) { return try body() } catch { throw StoreError(document, error) }
    }
}
