internal import Audit
internal import FoundationEssentials
internal import ServerKit

/// One trail of two: what this server's own database holds, and what was changed in accounts, rules, tokens and keys
/// of a database that others use, too.
///
/// Each change is written down beside itself; everything else is written into the own database, which is always
/// there.
struct MergedTrail: AuditTrail {
    let own: any AuditTrail
    let shared: any AuditTrail

    func record(_ events: [AuditEvent]) async throws(StoreError) { try await own.record(events) }

    /// Entries of the own trail have even numbers, those of the other odd ones, so that a page begins where the last
    /// one ended in both.
    func entries(_ filter: AuditFilter, after last: AuditEntry?, limit: Int)
        async throws(StoreError) -> [AuditEntry]
    {
        var ownLast = last
        var sharedLast = last
        if let last {
            // Those before number 7 are 6, 4, … of the own, which are 3, 2, …, and 5, 3, … of the other.
            ownLast = AuditEntry(id: (last.id + 1) >> 1, event: last.event)
            sharedLast = AuditEntry(id: last.id >> 1, event: last.event)
        }
        let mine = try await own.entries(filter, after: ownLast, limit: limit)
            .map { AuditEntry(id: $0.id << 1, event: $0.event) }
        let others = try await shared.entries(filter, after: sharedLast, limit: limit)
            .map { AuditEntry(id: $0.id << 1 | 1, event: $0.event) }
        let all = (mine + others).sorted { ($0.event.at, $0.id) > ($1.event.at, $1.id) }
        return Array(all.prefix(limit))
    }

    /// While the other cannot be asked, its old entries wait.
    func forget(before moment: Date, keeping count: Int, limit: Int) async throws(StoreError) -> Int {
        let mine = try await own.forget(before: moment, keeping: count, limit: limit)
        guard mine < limit else { return mine }
        do throws(StoreError) {
            return mine + (try await shared.forget(before: moment, keeping: count, limit: limit - mine))
        } catch {
            guard error.kind == .unavailable else { throw error }
            return mine
        }
    }
}
