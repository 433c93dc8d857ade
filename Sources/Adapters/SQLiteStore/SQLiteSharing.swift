import GRDB
import Replication
package import ServerKit

extension SQLiteStore {
    /// Returns when everything is known that was acknowledged anywhere before the call, as far as the shared log
    /// answers. Costs nothing where there is none.
    package func catchUp() async { await follower?.catchUp() }

    /// Why nothing can be changed and nothing new be seen; nil when all is well, and where nothing is shared.
    package var sharingProblem: StoreError? { follower?.replica.trouble }

    /// How many changes of the shared log this copy has; nil where nothing is shared.
    package var sharedPosition: Int64? { follower?.replica.position }

    /// Puts a snapshot into the shared log where more than `entriesMax` entries have come since the last one, and
    /// removes what nobody needs any more; whether it did.
    package func shortenLog(entriesMax: Int64) async throws(StoreError) -> Bool {
        guard let follower else { return false }
        let replica = follower.replica
        return try await follower.upkeep.runStore { [pool, path = pool.path] () throws(StoreError) in
            guard let origin = try replica.log.origin() else { return false }
            let before = try replica.log.newestSnapshot(of: origin)?.position ?? 0
            guard replica.position - before > entriesMax else { return false }
            do {
                try CopySnapshot(folderOf: path, log: replica.log).publish(pool)
            } catch {
                throw StoreError(from: error, "putting a snapshot into the shared log")
            }
            try replica.log.trim(origin)
            return true
        }
    }
}
