import Contracts
import Foundation
import Harness
import Testing

/// HTTP/2 as no client should speak it, frame by frame, at the real program: each mistake gets the answer that RFC 9113 asks
/// for, each flood an end, and others are served.
@Suite(.timeLimit(.minutes(5))) struct HTTP2FrameTests {
    @Test func mistakesAndFloodsEndAsTheStandardSays() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["localhost"]).write(to: folder.path, as: "tls")
        let settings = """
            tls:
              listen: [127.0.0.1:0]
              certificates: [{certificate_file: \(folder.path)/tls.pem, key_file: \(folder.path)/tls.key}]
            """
        try await withHomeport(settings: settings) { server in
            let port = try #require(server.otherPorts.first)
            let said = try await PythonPeers.run("http2_frames.py", ["\(port)"], limitInSeconds: 200)
            #expect(said.status == 0 && said.output.contains("50 cases"), "\(said)")
        }
    }
}
