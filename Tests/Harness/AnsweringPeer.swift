package import Contracts
import Foundation

/// A server that says who somebody is and what they may do, run by a script of Tests/PeerScripts.
package struct AnsweringPeer: Sendable {
    /// `http://127.0.0.1:40123`, or the path of its socket.
    package let address: String
    package let folder: TemporaryFolder
    package let process: GuardedProcess

    package static let secret = "s3cret-of-the-two"
    package static let password = "open sesame"

    /// What it was asked, a line of JSON for each request.
    package var asked: [String] {
        let text = (try? String(contentsOfFile: folder.path + "/asked", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }
}

/// Runs it while `body` runs.
///
/// - Parameter more: a socket; or a certificate, its key and the authority of those who ask.
package func withAnsweringPeer<Value: Sendable>(
    _ more: [String] = [], in folder: TemporaryFolder,
    _ body: @Sendable @escaping (AnsweringPeer) async throws -> Value
) async throws -> Value {
    let script = "answering_server.py"
    let (value, _) = try await withGuardedProcess(
        try PythonPeers.interpreter(),
        [PythonPeers.path(of: script), folder.path, AnsweringPeer.secret] + more,
        environment: ["PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"],
        log: folder.path + "/\(script).log"
    ) { process in
        let words = "listening on "
        guard let line = await process.line(startingWith: words) else {
            let log = (try? String(contentsOfFile: folder.path + "/\(script).log", encoding: .utf8)) ?? ""
            throw CommandFailed(description: "\(script) did not start:\n\(log.suffix(3000))")
        }
        return try await body(
            AnsweringPeer(address: String(line.dropFirst(words.count)), folder: folder, process: process))
    }
    return value
}
