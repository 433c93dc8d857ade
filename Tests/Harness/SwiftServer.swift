package import Contracts
import Foundation

/// A real object store that speaks S3: OpenStack Swift, from PyPI, in one process and a folder.
package struct SwiftServer: Sendable {
    package static let access = "test:tester"
    package static let secret = "testing"

    package let endpoint: String
}

/// Runs it while `body` runs.
package func withSwiftServer<Value: Sendable>(
    in folder: TemporaryFolder, _ body: @Sendable @escaping (SwiftServer) async throws -> Value
) async throws -> Value {
    try await withScriptPeer(
        "swift_server.py", [folder.path + "/swift", SwiftServer.access, SwiftServer.secret],
        environment: ["no_proxy": "127.0.0.1"], log: folder.path + "/swift_server.log", isKilled: true
    ) { port, _ in try await body(SwiftServer(endpoint: "http://127.0.0.1:\(port)")) }
}
