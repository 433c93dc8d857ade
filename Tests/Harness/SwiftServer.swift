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
    let log = folder.path + "/swift_server.log"
    let (value, _) = try await withGuardedProcess(
        try PythonPeers.interpreter(),
        [
            PythonPeers.path(of: "swift_server.py"), folder.path + "/swift", SwiftServer.access,
            SwiftServer.secret,
        ],
        environment: ["PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "no_proxy": "127.0.0.1"],
        log: log
    ) { process in
        let words = "listening on "
        guard let line = await process.line(startingWith: words) else {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            throw CommandFailed(description: "Swift did not start:\n\(text.suffix(3000))")
        }
        let server = SwiftServer(endpoint: "http://127.0.0.1:\(line.dropFirst(words.count))")
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body(server)) } catch { outcome = .failure(error) }
        try? await process.signal("KILL")
        return try outcome.get()
    }
    return value
}
