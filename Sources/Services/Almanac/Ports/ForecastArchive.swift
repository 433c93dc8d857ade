package import ServerKit
package import Weather

/// Where the last good forecast of each place lies, so that it survives a restart.
///
/// Every backend passes `checkForecastArchiveContract`.
package protocol ForecastArchive: Sendable {
    /// What was kept last for a place, or nil.
    func bytes(of place: PlaceID) async throws(StoreError) -> [UInt8]?

    /// Keeps this instead of what was there; after a crash it is one of the two, whole.
    func keep(_ bytes: [UInt8], of place: PlaceID) async throws(StoreError)

    /// Removes it. Removing what is not there is not a failure.
    func remove(_ place: PlaceID) async throws(StoreError)
}
