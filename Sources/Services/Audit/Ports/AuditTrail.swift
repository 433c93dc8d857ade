package import FoundationEssentials
package import ServerKit

/// Who did what to what, when and from where.
///
/// Every backend passes `checkAuditTrailContract`. Dates are kept to the microsecond.
package protocol AuditTrail: Sendable {
    /// Writes events down, all or none; durable when the call returns.
    func record(_ events: [AuditEvent]) async throws(StoreError)

    /// One page of what the filter lets through, newest first, of what is older than `last`.
    func entries(_ filter: AuditFilter, after last: AuditEntry?, limit: Int) async throws(StoreError)
        -> [AuditEntry]

    /// Forgets up to `limit` of the oldest entries: those from before `moment`, and those beyond the `count`
    /// newest. Returns how many it forgot.
    func forget(before moment: Date, keeping count: Int, limit: Int) async throws(StoreError) -> Int
}
