package import FoundationEssentials
package import ServerKit

/// An address, or a range of them, that nobody is served at for a time.
package struct Ban: Sendable, Hashable {
    package let range: AddressRange
    package let since: Date
    /// When it ends; nil when somebody has to end it.
    package let until: Date?
    /// Why, in a sentence for the operator.
    package let reason: String
    /// Whether the server made it, and not an operator.
    package let isAutomatic: Bool
    /// How often in a row the server has banned this range.
    package let count: Int

    package init(
        range: AddressRange, since: Date, until: Date?, reason: String, isAutomatic: Bool, count: Int = 1
    ) {
        self.range = range
        self.since = since
        self.until = until
        self.reason = reason
        self.isAutomatic = isAutomatic
        self.count = count
    }

    package func holds(at moment: Date) -> Bool { until.map { moment < $0 } ?? true }
}

/// Where bans are kept, for every server and command that works on the same data.
///
/// Every backend passes `checkBanStoreContract`.
package protocol BanStore: Sendable {
    /// Another number than before when bans may have changed since, whoever changed them.
    var banGeneration: UInt64 { get }

    /// All bans, also those that are over and have not been forgotten; those that were made first come first.
    func bans() async throws(StoreError) -> [Ban]

    /// Adds bans, each in the place of one of the same range. One that the server made does not take the place
    /// of an operator's that still holds.
    func save(_ bans: [Ban]) async throws(StoreError)

    /// Removes the ban of this very range; false when there is none.
    func removeBan(of range: AddressRange) async throws(StoreError) -> Bool

    /// Forgets bans that ended before a moment.
    func forgetBans(endedBefore moment: Date) async throws(StoreError)
}
