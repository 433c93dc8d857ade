import Contracts
import Harness
import TLSKit
import Testing

/// What sslyze, which looks for weaknesses, says of each profile.
@Suite(.timeLimit(.minutes(3))) struct ScanTests {
    @Test(arguments: TLSProfile.allCases) func sslyzeFindsNothingWeak(_ profile: TLSProfile) async throws {
        try await SecureServer.run(profile: profile) { server in
            let said = try await PythonPeers.run(
                "tls_scan.py", ["\(server.port)", "a.example", server.folder.path + "/ca.pem"]
            ).succeeded()
            let lines = said.output.split(separator: "\n").map(String.init)
            for line in lines where line.hasPrefix("ssl_") || line.hasPrefix("tls_") {
                let isNew = line.hasPrefix("tls_1_3 ")
                let isSafe =
                    line.hasPrefix("tls_1_2 TLS_ECDHE_ECDSA_WITH_")
                    && (line.contains("_GCM_") || line.contains("_CHACHA20_") || profile == .compatible)
                #expect(isNew || (isSafe && profile != .modern), "\(line)")
            }
            #expect(lines.count { $0.hasPrefix("tls_1_3 ") } == 3, "\(said)")
            #expect(lines.contains { $0.hasPrefix("tls_1_2 ") } == (profile != .modern))
            for fact in [
                "compression False", "heartbleed False", "robot NOT_VULNERABLE_RSA_NOT_SUPPORTED",
                "ccs False",
                "renegotiation False",
            ] {
                #expect(lines.contains(fact), "\(fact): \(said)")
            }
        }
    }
}
