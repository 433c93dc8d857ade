package import FoundationEssentials
import GRDB
package import ServerKit

extension SQLiteStore {
    /// Takes a duty, or keeps it, for so many seconds; false while another server has it.
    ///
    /// It spares work and is no lock: clocks may differ, and who has it may be slow. What is done on duty has to be
    /// right also when two do it at once.
    package func takeDuty(_ duty: String, as server: String, for seconds: TimeInterval)
        async throws(StoreError)
        -> Bool
    {
        try await write("taking the duty \(duty)", isLazy: true) { [now] database in
            let isTaken = try database.has(
                "SELECT 1 FROM duty WHERE name = ? AND server <> ? AND until > ?",
                [duty, server, now().microseconds])
            guard !isTaken else { return false }
            try database.run(
                """
                INSERT INTO duty (name, server, until) VALUES (?1, ?2, ?3)
                ON CONFLICT (name) DO UPDATE SET server = ?2, until = ?3
                """, [duty, server, now().addingTimeInterval(seconds).microseconds])
            return true
        }
    }
}
