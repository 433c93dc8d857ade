package import Accounts
import Audit
package import ServerKit
import Synchronization

extension MongoStore: SigningKeyStore {
    /// While the database is away, the keys as they were last: tokens that were issued can be read.
    package func keys() async throws(StoreError) -> [StoredKey] {
        let names = names
        do throws(StoreError) {
            let keys = try await read("reading the signing keys") { client in
                try client.find(names.keys, sort: ["seq": -1]).map(KeyDocument.key)
            }
            state.withLock { $0.keys = keys }
            return keys
        } catch {
            guard error.kind == .unavailable, let keys = state.withLock(\.keys) else { throw error }
            return keys
        }
    }

    package func add(_ key: StoredKey, after newest: String?) async throws(StoreError) {
        let names = names
        let event = trailEvent(.addKey, of: key.id)
        try await change("adding signing key \(key.id)", in: names.keys, trail: { event }) { client in
            let last = try client.find(names.keys, sort: ["seq": -1], limit: 1).first
            guard try last?.neededText("_id") == newest else {
                throw StoreError(.conflict, "there is a newer one")
            }
            // Two that come here at once want the same place, and the index lets one of them have it.
            let place = try last.map { try $0.neededNumber("seq") + 1 } ?? 0
            try client.insert(names.keys, [KeyDocument.document(key, at: place)])
        }
    }

    package func remove(_ id: String) async throws(StoreError) -> Bool {
        let names = names
        let event = trailEvent(.removeKey, of: id)
        return try await change("removing signing key \(id)", in: names.keys, trail: { $0 ? event : nil }) {
            client in
            try client.delete(names.keys, ["_id": .string(id)]) > 0
        }
    }
}

/// A signing key as it is kept.
private enum KeyDocument {
    static func document(_ key: StoredKey, at place: Int) -> BSONDocument {
        var document: BSONDocument = [
            "_id": .string(key.id), "seq": .integer(place), "private_key": .string(key.privateKey),
            "certificate": .string(key.certificate), "created_at": .date(key.createdAt),
        ]
        document.append("retired_at", key.retiredAt.map(BSON.date))
        return document
    }

    static func key(_ document: BSONDocument) throws -> StoredKey {
        do throws(DocumentProblem) {
            return StoredKey(
                id: try document.neededText("_id"), privateKey: try document.neededText("private_key"),
                certificate: try document.neededText("certificate"),
                createdAt: try document.neededDate("created_at"), retiredAt: try document.date("retired_at"))
        } catch {
            throw StoreError(document, error)
        }
    }
}
