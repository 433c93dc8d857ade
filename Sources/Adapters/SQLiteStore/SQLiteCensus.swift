import GRDB
package import Registry
package import ServerKit

extension SQLiteStore: RegistryCensus {
    package func totals() async throws(StoreError) -> RegistryTotals {
        try await read("counting what is there") { database in
            let row = try database.row(
                "SELECT blobs, blob_bytes, repositories, uploads FROM total WHERE id = 1")
            guard let row else { throw StoreError(.damaged, "the table total is empty") }
            var totals = RegistryTotals()
            totals.blobs = try row.value(0, "total.blobs")
            totals.blobBytes = try row.value(1, "total.blob_bytes")
            totals.repositories = try row.value(2, "total.repositories")
            totals.uploads = try row.value(3, "total.uploads")
            return totals
        }
    }

    /// How many changes wait for the next transaction.
    package var waitingChanges: Int { writes.waitingCount }
}
