package import Contracts
import Foundation

/// Debian's docker-registry (distribution), as it comes, on a port and a folder of its own; without accounts,
/// unless it is told where tokens come from.
package struct DebianRegistry: Sendable {
    /// Where it listens, `127.0.0.1:40123`.
    package let address: String
    /// What its configuration calls `rootdirectory`.
    package let root: String
    package let configuration: String

    package var caller: RegistryCaller { RegistryCaller(address: address) }
}

/// Runs Debian's docker-registry while `body` runs. What it stored lies in `folder` afterwards.
///
/// - Parameters:
///   - environment: settings of its own, such as `REGISTRY_AUTH`.
///   - text: its configuration; by default one without accounts.
package func withDebianRegistry<Value: Sendable>(
    in folder: TemporaryFolder, environment: [String: String] = [:], configuration text: String? = nil,
    _ body: @Sendable @escaping (DebianRegistry) async throws -> Value
) async throws -> Value {
    let program = try Peer(program: "docker-registry", debianPackage: "docker-registry").path()
    let (root, configuration) = (folder.path + "/registry", folder.path + "/config.yml")
    let plain = """
        version: 0.1
        log: {level: info, formatter: text}
        storage: {filesystem: {rootdirectory: \(root)}, delete: {enabled: true}}
        http: {addr: '127.0.0.1:0'}
        """
    try (text ?? plain).write(toFile: configuration, atomically: true, encoding: .utf8)
    let (value, _) = try await withGuardedProcess(
        "/bin/sh", ["-c", "exec \"$0\" serve \"$1\" 2>&1", program, configuration], environment: environment,
        log: folder.path + "/registry.log"
    ) { process in
        while let line = await process.line(startingWith: "time=") {
            guard let found = line.firstRange(of: "listening on ") else { continue }
            let address = line[found.upperBound...].prefix { $0 != "\"" && $0 != " " }
            return try await body(
                DebianRegistry(address: String(address), root: root, configuration: configuration))
        }
        throw CommandFailed(description: "docker-registry did not start")
    }
    return value
}
