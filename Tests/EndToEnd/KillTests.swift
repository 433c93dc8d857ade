import Contracts
import Foundation
import Harness
import Testing

/// What clients were told is still so, whatever is killed when and whatever a disk has not written yet. The
/// clients are programs of their own that note what they were told.
@Suite(.timeLimit(.minutes(10))) struct KillTests {
    @Test func nothingIsLostWhenTheServerIsKilledTwoHundredTimes() async throws {
        let folder = try TemporaryFolder()
        let ended = try await PythonPeers.run(
            "kill_pushes.py", [try homeportPath(), folder.path, "200"], limitInSeconds: 400)
        #expect(ended.status == 0, "\(ended)")
        print(ended.output)
    }

    @Test func nothingIsLostThatADiskHasSaidItHas() async throws {
        let folder = try TemporaryFolder()
        let ended = try await PythonPeers.run(
            "power_cut.py", [try homeportPath(), folder.path, "4"], limitInSeconds: 200)
        #expect(ended.status == 0, "\(ended)")
        print(ended.output)
    }

    /// The proof of the test before: where files or folders are not synced, it finds what is lost.
    @Test(arguments: ["files", "folders", "rows"]) func aDiskThatLiesIsFoundOut(_ about: String) async throws
    {
        let folder = try TemporaryFolder()
        let ended = try await PythonPeers.run(
            "power_cut.py", [try homeportPath(), folder.path, "1", about], limitInSeconds: 200)
        #expect(ended.status == 1 && ended.output.contains("WRONG"), "\(ended)")
    }
}
