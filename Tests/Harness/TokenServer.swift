package import Contracts
import Foundation

/// `homeport token-server` while a test runs, with a configuration of docker_auth in a folder of its own.
package struct TokenServer: Sendable {
    /// Where it listens, `127.0.0.1:40123`.
    package let address: String
    package let folder: TemporaryFolder
    package let process: GuardedProcess

    package init(address: String, folder: TemporaryFolder, process: GuardedProcess) {
        self.address = address
        self.folder = folder
        self.process = process
    }

    package var configuration: String { folder.path + "/auth_config.yml" }

    /// What it has said on standard error so far.
    package var log: String { (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? "" }

    package func caller(_ name: String, _ password: String) -> RegistryCaller {
        RegistryCaller(address: address, credentials: .basic(name: name, password: password))
    }

    package var nobody: RegistryCaller { RegistryCaller(address: address) }

    /// What a token for these scopes grants, as `name:actions`, and the token.
    package func token(
        _ caller: RegistryCaller, _ scopes: String..., service: String = "registry"
    ) async throws -> (granted: [String], text: String) {
        let query = scopes.map { "&scope=\($0)" }.joined()
        let answer = try await caller.get("/auth?service=\(service)\(query)")
        guard answer.status == 200, let text = answer.object["token"] as? String else {
            throw CommandFailed(description: "no token: \(answer)")
        }
        let access = try tokenPart(1, of: text)["access"] as? [[String: Any]] ?? []
        return (
            access.map { entry in
                let actions = entry["actions"] as? [String] ?? []
                return "\(entry["name"] as? String ?? ""):\(actions.joined(separator: ","))"
            }, text
        )
    }
}

/// The header (0) or the claims (1) of a token, unchecked.
package func tokenPart(_ index: Int, of token: String) throws -> [String: Any] {
    let parts = token.split(separator: ".")
    guard parts.count == 3 else { throw CommandFailed(description: "this is no token: \(token)") }
    var text = String(parts[index]).replacing("-", with: "+").replacing("_", with: "/")
    while text.count % 4 != 0 { text += "=" }
    let object = try JSONSerialization.jsonObject(with: Data(base64Encoded: text) ?? Data())
    return object as? [String: Any] ?? [:]
}

/// Starts `homeport token-server`, runs `body`, stops it by SIGTERM, and sees that it ends with status 0.
///
/// - Parameter configuration: the text of docker_auth's configuration; `DIR` in it becomes the folder.
package func withTokenServer<Value: Sendable>(
    _ configuration: String, in folder: TemporaryFolder, arguments: [String] = [],
    _ body: @Sendable @escaping (TokenServer) async throws -> Value
) async throws -> Value {
    let file = folder.path + "/auth_config.yml"
    try configuration.replacing("DIR", with: folder.path).write(
        toFile: file, atomically: true, encoding: .utf8)
    let (value, status) = try await withGuardedProcess(
        try homeportPath(), ["token-server"] + arguments + [file], environment: [:],
        log: folder.path + "/log"
    ) { process in
        guard let line = await process.line(startingWith: "listening on "),
            let place = line.split(separator: "/").dropFirst().first
        else {
            let log = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
            throw CommandFailed(description: "homeport token-server did not start:\n\(log)")
        }
        return try await body(TokenServer(address: String(place), folder: folder, process: process))
    }
    guard status == 0 else {
        let log = (try? String(contentsOfFile: folder.path + "/log", encoding: .utf8)) ?? ""
        throw CommandFailed(description: "homeport token-server ended with status \(status):\n\(log)")
    }
    return value
}
