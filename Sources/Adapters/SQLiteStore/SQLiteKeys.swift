package import Accounts
import Audit
import GRDB
package import ServerKit

extension SQLiteStore: SigningKeyStore {
    package func keys() async throws(StoreError) -> [StoredKey] {
        try await read("reading the signing keys") { database in
            try database.rows(
                """
                SELECT id, private_key, certificate, created_at, retired_at FROM signing_key
                ORDER BY seq DESC
                """
            ) { row in
                StoredKey(
                    id: try row.value(0, "signing_key.id"),
                    privateKey: try row.value(1, "signing_key.private_key"),
                    certificate: try row.value(2, "signing_key.certificate"),
                    createdAt: try row.date(3, "signing_key.created_at"),
                    retiredAt: try row.optionalDate(4, "signing_key.retired_at"))
            }
        }
    }

    package func add(_ key: StoredKey, after newest: String?) async throws(StoreError) {
        try await write("adding signing key \(key.id)", announcing: .accounts) {
            [trail = trailNote] database in
            let row = try database.row("SELECT id FROM signing_key ORDER BY seq DESC LIMIT 1")
            guard try row?.value(0, "signing_key.id") as String? == newest else {
                throw StoreError(.conflict, "there is a newer one")
            }
            try database.run(
                """
                INSERT INTO signing_key (id, private_key, certificate, created_at, retired_at)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    key.id, key.privateKey, key.certificate, key.createdAt.microseconds,
                    key.retiredAt?.microseconds,
                ])
            try trail.write(.addKey, of: key.id, in: database)
        }
    }

    package func remove(_ id: String) async throws(StoreError) -> Bool {
        try await write("removing signing key \(id)", announcing: .accounts) { [trail = trailNote] database in
            try database.run("DELETE FROM signing_key WHERE id = ?", [id])
            guard database.changesCount > 0 else { return false }
            try trail.write(.removeKey, of: id, in: database)
            return true
        }
    }
}
