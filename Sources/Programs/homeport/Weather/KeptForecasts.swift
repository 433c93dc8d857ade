internal import Almanac
internal import FileForecasts
internal import FoundationEssentials
internal import ServerKit
internal import Weather

/// What the server has kept, to be read and not written: a command beside it tells the same and disturbs
/// nothing.
struct KeptForecasts: ForecastArchive {
    private let files: FileForecasts?

    init(folder: String?) {
        let isThere = folder.map { FileManager.default.fileExists(atPath: $0) } ?? false
        let threads = BlockingThreads(count: 1, queueMax: 8)
        self.files = isThere ? folder.flatMap { try? FileForecasts(folder: $0, threads: threads) } : nil
    }

    func bytes(of place: PlaceID) async throws(StoreError) -> [UInt8]? { try await files?.bytes(of: place) }
    func keep(_ bytes: [UInt8], of place: PlaceID) async throws(StoreError) {}
    func remove(_ place: PlaceID) async throws(StoreError) {}
}
