import Audit
package import Doorkeeper
package import Foundation
import GRDB
package import ServerKit

extension SQLiteStore: BanStore {
    package var banGeneration: UInt64 { counters.banGeneration }

    package func bans() async throws(StoreError) -> [Ban] {
        try await read("reading the bans") { database in
            try database.rows(
                """
                SELECT range, since, until, reason, automatic, count FROM ban ORDER BY since, range
                """, [], Self.ban)
        }
    }

    package func save(_ bans: [Ban]) async throws(StoreError) {
        try await write("saving bans", announcing: .bans) { [trail = trailNote] database in
            for ban in bans {
                try database.run(
                    """
                    INSERT INTO ban (range, since, until, reason, automatic, count)
                    VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (range) DO UPDATE SET
                        since = excluded.since, until = excluded.until, reason = excluded.reason,
                        automatic = excluded.automatic, count = excluded.count
                    WHERE NOT excluded.automatic OR ban.automatic OR ban.until <= excluded.since
                    """,
                    [
                        ban.range.description, ban.since.microseconds, ban.until?.microseconds, ban.reason,
                        ban.isAutomatic, ban.count,
                    ])
                guard database.changesCount > 0 else { continue }
                let end = ban.until.map { "until \($0.formatted(.iso8601))" } ?? "without an end"
                try trail.write(.addBan, of: ban.range.description, "\(end): \(ban.reason)", in: database)
            }
        }
    }

    package func removeBan(of range: AddressRange) async throws(StoreError) -> Bool {
        try await write("removing the ban of \(range)", announcing: .bans) {
            [trail = trailNote] database in
            try database.run("DELETE FROM ban WHERE range = ?", [range.description])
            guard database.changesCount > 0 else { return false }
            try trail.write(.removeBan, of: range.description, in: database)
            return true
        }
    }

    package func forgetBans(endedBefore moment: Date) async throws(StoreError) {
        try await write("forgetting old bans", announcing: .bans) { database in
            try database.run("DELETE FROM ban WHERE until < ?", [moment.microseconds])
        }
    }

    private static func ban(_ row: Row) throws -> Ban {
        Ban(
            range: try row.parsed(0, "ban.range") { (text: String) in AddressRange(text) },
            since: try row.date(1, "ban.since"), until: try row.optionalDate(2, "ban.until"),
            reason: try row.value(3, "ban.reason"), isAutomatic: try row.value(4, "ban.automatic"),
            count: try row.value(5, "ban.count"))
    }
}
