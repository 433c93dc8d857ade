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
    return try await withScriptPeer(script, arguments, log: folder.path + "/\(script).log") {
        address, process in
        try await body(IdentityPeer(address: address, process: process))
    }
}
