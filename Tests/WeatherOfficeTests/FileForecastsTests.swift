import Contracts
import FileForecasts
import FoundationEssentials
import ServerKit
import Testing
import Weather

@Suite struct FileForecastsTests {
    @Test func filesKeepTheContract() async throws {
        let folder = try TemporaryFolder()
        let threads = BlockingThreads(count: 2, queueMax: 100)
        try await checkForecastArchiveContract(
            try FileForecasts(folder: "\(folder.path)/a/b", threads: threads))
    }

    @Test func memoryKeepsTheContract() async throws {
        try await checkForecastArchiveContract(InMemoryForecastArchive())
    }

    @Test func nothingIsLeftBesideTheFiles() async throws {
        let folder = try TemporaryFolder()
        let archive = try FileForecasts(
            folder: folder.path, threads: BlockingThreads(count: 1, queueMax: 10))
        let place = try #require(PlaceID("berlin"))
        for _ in 0..<5 { try await archive.keep([1], of: place) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["berlin.forecast"])
    }
}
