import Harness
import Testing

/// The oras client of PyPI against the real program.
@Suite(.timeLimit(.minutes(2))) struct ArtifactTests {
    @Test func artifactsAndWhatRefersToThemGoUpAndComeBack() async throws {
        try await withHomeport { server in
            let finished = try await PythonPeers.run(
                "oras_artifacts.py", [server.address, "admin", Homeport.adminPassword])
            #expect(finished.status == 0, "\(finished)")
            for step in ["pushed", "listed", "pulled", "attached", "referred", "pushed in chunks", "refused"]
            {
                #expect(finished.output.contains("\(step)\n"), "\(step): \(finished)")
            }
        }
    }
}
