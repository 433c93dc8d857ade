import CMongo
import ServerKit

/// A connection for the length of one call: the few commands that this program gives, each with typed values.
struct MongoClient {
    private let client: OpaquePointer
    private let database: String
    private let timeout: Duration

    init(_ client: OpaquePointer, database: String, timeout: Duration) {
        self.client = client
        self.database = database
        self.timeout = timeout
    }

    /// Documents of a collection that have these values.
    ///
    /// - Parameter isMajority: whether only what most servers have is seen, which no change of the primary takes back.
    func find(
        _ collection: String, _ filter: BSONDocument = [:], sort: BSONDocument = [:], limit: Int = 0,
        isMajority: Bool = false
    ) throws -> [BSONDocument] {
        var options: BSONDocument = [
            "maxTimeMS": .int32(timeout.milliseconds), "batchSize": .int32(Self.batchSize),
        ]
        if !sort.fields.isEmpty { options.append("sort", .document(sort)) }
        if isMajority { options.append("readConcern", ["level": "majority"]) }
        if limit > 0 { options.append("limit", .int64(Int64(limit))) }
        guard let handle = mongoc_client_get_collection(client, database, collection) else {
            throw StoreError(.failed, "the collection cannot be named")
        }
        defer { mongoc_collection_destroy(handle) }
        return try RawDocument.with(filter, options) { filter, options in
            let cursor = mongoc_collection_find_with_opts(handle, filter, options, nil)
            defer { mongoc_cursor_destroy(cursor) }
            var documents: [BSONDocument] = []
            var current: OpaquePointer?
            while mongoc_cursor_next(cursor, &current), let current {
                documents.append(try RawDocument.read(current))
                guard documents.count <= Self.documentsMax else {
                    throw StoreError(.failed, "the collection has more than \(Self.documentsMax) documents")
                }
            }
            var reason = bson_error_t()
            if mongoc_cursor_error(cursor, &reason) { throw StoreError(reason) }
            return documents
        }
    }

    /// Adds documents in order, up to the first that cannot be added.
    func insert(_ collection: String, _ documents: [BSONDocument]) throws {
        _ = try write([
            "insert": .string(collection), "documents": .array(documents.map(BSON.document)),
            "ordered": true,
        ])
    }

    /// Changes the one document with these values; false when there is none.
    func update(
        _ collection: String, _ filter: BSONDocument, _ change: BSONDocument, upsert: Bool = false
    ) throws -> Bool {
        let update: BSONDocument = [
            "q": .document(filter), "u": .document(change), "upsert": .bool(upsert), "multi": false,
        ]
        let reply = try write([
            "update": .string(collection), "updates": [.document(update)], "ordered": true,
        ])
        return reply.count("n") > 0
    }

    /// Removes the documents with these values, or the first of them; returns how many.
    func delete(_ collection: String, _ filter: BSONDocument, onlyOne: Bool = false) throws -> Int {
        let deletion: BSONDocument = ["q": .document(filter), "limit": .int32(onlyOne ? 1 : 0)]
        let reply = try write([
            "delete": .string(collection), "deletes": [.document(deletion)], "ordered": true,
        ])
        return reply.count("n")
    }

    /// Adds to a counter, making it where there is none, and returns what it is then.
    func count(_ collection: String, _ name: String, adding amount: Int) throws -> Int64 {
        let reply = try write([
            "findAndModify": .string(collection), "query": ["_id": .string(name)],
            "update": ["$inc": ["value": .int64(Int64(amount))]], "upsert": true, "new": true,
        ])
        guard case .document(let counter)? = reply["value"], let value = counter["value"]?.wholeNumber else {
            throw StoreError(.damaged, "the counter \(name) is no number")
        }
        return value
    }

    /// Makes indexes where they are missing.
    func createIndexes(_ collection: String, _ indexes: [MongoIndex]) throws {
        let list = indexes.map { index in
            BSON.document([
                "key": .document(BSONDocument(index.fields.map { .init(name: $0, value: 1) })),
                "name": .string(index.fields.map { "\($0)_1" }.joined(separator: "_")),
                "unique": .bool(index.isUnique),
            ])
        }
        _ = try write(["createIndexes": .string(collection), "indexes": .array(list)])
    }

    /// Gives a command that changes something, and sees that all of it was done and will last.
    private func write(_ command: BSONDocument) throws -> BSONDocument {
        var command = command
        // Acknowledged when most of the servers have it, in their journals.
        command.append(
            "writeConcern",
            .document(["w": "majority", "j": true, "wtimeout": .int32(timeout.milliseconds)]))
        return try RawDocument.with(command, [:]) { command, options in
            guard let room = homeport_bson_room() else { throw StoreError(.unavailable, "out of memory") }
            defer { homeport_bson_room_free(room) }
            var reason = bson_error_t()
            let isDone = mongoc_client_write_command_with_opts(
                client, database, command, options, room, &reason)
            guard isDone else { throw StoreError(reason) }
            let reply = try RawDocument.read(room)
            if let error = StoreError(reply: reply) { throw error }
            return reply
        }
    }

    private static let batchSize: Int32 = 10_000
    /// More than any collection may have that is read as a whole.
    private static let documentsMax = 200_000
}

/// An index that a collection is to have, of fields in rising order.
struct MongoIndex: Sendable {
    var fields: [String]
    var isUnique = false
}

/// Documents as the driver has them.
private enum RawDocument {
    /// Lends two documents to the driver.
    static func with<Value>(
        _ first: BSONDocument, _ second: BSONDocument,
        _ body: (OpaquePointer, OpaquePointer) throws -> Value
    ) throws -> Value {
        let (one, two) = (try make(first), try make(second))
        defer {
            bson_destroy(one)
            bson_destroy(two)
        }
        return try body(one, two)
    }

    private static func make(_ document: BSONDocument) throws -> OpaquePointer {
        let bytes = try document.encoded()
        guard let made = bson_new_from_data(bytes, bytes.count) else {
            throw StoreError(.failed, "the driver does not take a document")
        }
        return made
    }

    static func read(_ document: OpaquePointer) throws -> BSONDocument {
        let count = Int(homeport_bson_length(document))
        let bytes = UnsafeBufferPointer(start: bson_get_data(document), count: count)
        do {
            return try BSONDocument(bytes: Array(bytes))
        } catch {
            throw StoreError(.damaged, "an answer cannot be read", cause: error)
        }
    }
}

extension BSONDocument {
    /// A number that counts something; 0 where there is none.
    fileprivate func count(_ name: String) -> Int { self[name]?.wholeNumber.map { Int($0) } ?? 0 }
}

extension BSON {
    /// A whole number, however wide it was written.
    var wholeNumber: Int64? {
        switch self {
        case .int32(let number): Int64(number)
        case .int64(let number): number
        case .double(let number): Int64(exactly: number)
        default: nil
        }
    }
}
