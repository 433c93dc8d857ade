package import ServerKit

/// The whole registry in numbers.
///
/// Every backend passes `checkRegistryCensusContract`.
package protocol RegistryCensus: Sendable {
    /// What is there now. Costs the same however much that is.
    func totals() async throws(StoreError) -> RegistryTotals
}

/// What a registry holds.
package struct RegistryTotals: Sendable, Hashable {
    /// Blobs with a row, also those that no repository holds and that are not collected yet.
    package var blobs = 0
    /// Their bytes, each blob counted once.
    package var blobBytes: Int64 = 0
    /// Those that were removed and wait to be collected do not count.
    package var repositories = 0
    /// Uploads that have been started and are neither finished nor thrown away.
    package var uploads = 0

    package init() {}
}
