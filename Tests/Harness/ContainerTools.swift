import Contracts
import Foundation

/// skopeo, podman and buildah as one person uses them: storage, credentials and home in a folder that goes
/// with them.
package struct ContainerTools: Sendable {
    private let home: TemporaryFolder

    package init() throws {
        home = try TemporaryFolder()
        try "{}".write(toFile: home.path + "/auth.json", atomically: true, encoding: .utf8)
    }

    package func skopeo(_ arguments: String...) async throws -> Finished {
        try await run(.skopeo, ["--insecure-policy"] + arguments)
    }

    package func skopeo(_ arguments: [String]) async throws -> Finished {
        try await run(.skopeo, ["--insecure-policy"] + arguments)
    }

    /// Pushes an image to a server that speaks no TLS, and pulls it into a folder of its own.
    ///
    /// - Parameters:
    ///   - source: `oci:folder:tag`.
    ///   - image: `127.0.0.1:5000/team/app:v1`.
    package func copyThereAndBack(_ source: String, _ image: String, credentials: String) async throws {
        try await skopeo(
            "copy", "--dest-tls-verify=false", "--dest-creds", credentials, source, "docker://\(image)"
        ).succeeded()
        let target = try OCILayout()
        try await skopeo(
            "copy", "--src-tls-verify=false", "--src-creds", credentials, "docker://\(image)",
            "oci:\(target.path):copy"
        ).succeeded()
    }

    package func podman(_ arguments: [String], _ input: String = "") async throws -> Finished {
        let own = ["--cgroup-manager=cgroupfs", "--events-backend=file"]
        return try await run(.podman, storage + own + arguments, input: input)
    }

    package func buildah(_ arguments: [String], _ input: String = "") async throws -> Finished {
        try await run(.buildah, storage + arguments, input: input)
    }

    private var storage: [String] {
        ["--root", home.path + "/root", "--runroot", home.path + "/run", "--storage-driver=vfs"]
    }

    private func run(_ peer: Peer, _ arguments: [String], input: String = "") async throws -> Finished {
        var command = Command(try peer.path(), arguments)
        command.environment = [
            "HOME": home.path, "XDG_RUNTIME_DIR": home.path, "TMPDIR": home.path,
            "REGISTRY_AUTH_FILE": home.path + "/auth.json",
        ]
        command.input = input
        command.limitInSeconds = 120
        return try await command.run()
    }
}
