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
    return try await withScriptPeer(
        script, [folder.path, AnsweringPeer.secret] + more, log: folder.path + "/\(script).log"
    ) { address, process in
        try await body(AnsweringPeer(address: address, folder: folder, process: process))
    }
}
