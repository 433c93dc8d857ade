package import Contracts
import Foundation

/// A provider that people sign in at, run by a script of Tests/PeerScripts.
package struct IdentityPeer: Sendable {
    /// `http://127.0.0.1:40123`
    package let address: String
    package let process: GuardedProcess

    package static let clientID = "registry"
    package static let clientSecret = "a secret: with + and &"

    package var port: Int { Int(address.split(separator: ":").last ?? "") ?? 0 }
}

/// Runs a provider while `body` runs.
///
/// - Parameters:
///   - script: its name in Tests/PeerScripts.
///   - redirect: where it sends browsers back to.
///   - port: the port of an earlier run; any free one by default.
package func withIdentityPeer<Value: Sendable>(
    _ script: String, redirect: String, in folder: TemporaryFolder, port: Int = 0,
    _ body: @Sendable @escaping (IdentityPeer) async throws -> Value
) async throws -> Value {
    let arguments = [
        folder.path, IdentityPeer.clientID, IdentityPeer.clientSecret, redirect, "\(port)",
    ]
    let (value, _) = try await withGuardedProcess(
        try PythonPeers.interpreter(), [PythonPeers.path(of: script)] + arguments,
        environment: ["PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"],
        log: folder.path + "/\(script).log"
    ) { process in
        let words = "listening on "
        guard let line = await process.line(startingWith: words) else {
            let log = (try? String(contentsOfFile: folder.path + "/\(script).log", encoding: .utf8)) ?? ""
            throw CommandFailed(description: "\(script) did not start:\n\(log.suffix(3000))")
        }
        return try await body(IdentityPeer(address: String(line.dropFirst(words.count)), process: process))
    }
    return value
}
