import Contracts
import Foundation
import Harness
import Testing

/// A minute of what `make soak` does for half an hour.
@Suite(.timeLimit(.minutes(6))) struct SoakTests {
    @Test func aMinuteOfEverythingLosesNothing() async throws {
        // Another seed in every run finds more; the one that found something is printed and repeats it.
        let seed = "\(UInt32.random(in: .min ... .max))"
        let finished = try await PythonPeers.run(
            "soak.py",
            [
                "--program", try homeportPath(), "--minutes", "0.8", "--seed", seed, "--grace", "8",
                "--between-kills", "3", "8",
            ], limitInSeconds: 300)
        #expect(finished.status == 0, "seed \(seed): \(finished)")
        let report = finished.output.split(separator: "\n").last ?? ""
        let json = try JSONSerialization.jsonObject(with: Data(report.utf8)) as? [String: Any]
        let steps = json?["steps"] as? [String: Int] ?? [:]
        #expect((json?["kills"] as? Int ?? 0) + (json?["stops"] as? Int ?? 0) >= 2, "\(report)")
        #expect(steps["push", default: 0] >= 10 && steps["pull", default: 0] >= 10, "\(report)")
        let checked = json?["checked"] as? [String: Int]
        #expect(checked?["acknowledged"] ?? 0 > 20, "\(report)")
    }

    /// The one who checks is checked: it finds what is wrong.
    @Test func theCheckFindsWhatIsDamaged() async throws {
        let folder = try await withHomeport { server in
            try await Homeport.$shared.withValue(server) {
                let repository = try SpecRepository()
                let image = try await repository.pushImage("v1")
                let hex = sha256(image.layer).dropFirst("sha256:".count)
                let file = "docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
                let sound = try await PythonPeers.run(
                    "check_data_folder.py", [server.folder.path + "/data", "--whole"])
                #expect(sound.status == 0, "\(sound)")
                try Data("other".utf8).write(to: URL(filePath: "\(server.folder.path)/data/\(file)"))
                return server.folder
            }
        }
        let data = folder.path + "/data"
        let found = try await PythonPeers.run("check_data_folder.py", [data, "--whole"])
        #expect(found.status == 1 && found.output.contains("has bytes of another digest"), "\(found)")
        let told = folder.path + "/told"
        try #"{"repository": "no/such", "tags": {"v1": "sha256:0"}}"#.write(
            toFile: told, atomically: true, encoding: .utf8)
        let lost = try await PythonPeers.run("check_data_folder.py", [data, "--acknowledged", told])
        #expect(lost.output.contains("tag v1 was acknowledged"), "\(lost)")
    }
}
