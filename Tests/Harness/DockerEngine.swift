import Contracts
import Foundation
package import Testing

/// A real Docker engine of the test run's own: its data, its socket and its containerd lie in a folder that
/// goes with it. It touches neither the machine's network nor another engine.
package final class DockerEngine: Sendable {
    package let socket: String
    private let folder: TemporaryFolder

    init(folder: TemporaryFolder) {
        self.folder = folder
        self.socket = folder.path + "/docker.sock"
    }

    /// The engine that was started for this test, by the trait `.dockerEngine` of a suite around it.
    @TaskLocal package static var current: DockerEngine?

    /// Somebody at a terminal with this engine, logged in nowhere yet.
    package static func client() throws -> DockerClient {
        guard let current else {
            throw CommandFailed(description: "the suite lacks the trait .dockerEngine")
        }
        return DockerClient(engine: current, home: try TemporaryFolder())
    }
}

/// The `docker` command of one person: credentials are kept apart from everybody else's.
package struct DockerClient: Sendable {
    let engine: DockerEngine
    let home: TemporaryFolder

    package func callAsFunction(_ arguments: String..., input: String = "") async throws -> Finished {
        try await run(try Peer.docker.path(), arguments, input: input)
    }

    /// Runs a line in a shell, as somebody does who pastes it there.
    package func paste(_ line: String) async throws -> Finished {
        try await run("/bin/sh", ["-c", line], input: "")
    }

    private func run(_ program: String, _ arguments: [String], input: String) async throws -> Finished {
        var command = Command(program, arguments)
        command.environment = [
            "DOCKER_HOST": "unix://\(engine.socket)", "DOCKER_CONFIG": home.path, "DOCKER_BUILDKIT": "0",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        ]
        command.input = input
        command.limitInSeconds = 120
        return try await command.run()
    }

    package func login(_ account: String, _ password: String, at server: String) async throws -> Finished {
        try await self("login", "-u", account, "--password-stdin", server, input: password)
    }

    /// Makes an image of one layer with one small program in it, which prints what it is told.
    package func makeImage(_ name: String) async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let busybox = try Data(contentsOf: URL(filePath: Peer.busybox.path()))
        var archive = TarArchive()
        archive.add("bin/busybox", Array(busybox))
        archive.add("about", Array(name.utf8) + randomBytes(16))
        try Data(archive.finished).write(to: URL(filePath: folder.path + "/image.tar"))
        try await self("import", folder.path + "/image.tar", name).succeeded()
    }
}

/// Starts one Docker engine for all tests of a suite and those inside it.
package struct DockerEngineTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let engine = DockerEngine(folder: folder)
        try await withDockerEngine(engine, in: folder.path) {
            try await DockerEngine.$current.withValue(engine) { try await function() }
        }
    }
}

extension Trait where Self == DockerEngineTrait {
    package static var dockerEngine: Self { Self() }
}

/// Runs an engine that finds names at this machine, and believes an authority for a registry.
///
/// - Parameter name: one, or several with spaces between.
package func withDockerEngine(
    naming name: String, at registry: String, believing authority: String,
    _ body: @Sendable (DockerClient) async throws -> Void
) async throws {
    let folder = try TemporaryFolder()
    let engine = DockerEngine(folder: folder)
    let trust = folder.path + "/docker/certs.d/\(registry)"
    try FileManager.default.createDirectory(atPath: trust, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: authority, toPath: trust + "/ca.crt")
    try "127.0.0.1 localhost \(name)\n".write(
        toFile: folder.path + "/hosts", atomically: true, encoding: .utf8)
    let script = """
        mkdir -p /etc/docker && mount --make-rprivate / || exit 99
        mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/docker" /etc/docker || exit 99
        exec "$@"
        """
    let around = ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", script, folder.path]
    try await withDockerEngine(engine, in: folder.path, around: around) {
        try await body(DockerClient(engine: engine, home: try TemporaryFolder()))
    }
}

/// - Parameter around: what runs the engine elsewhere than in the test's own surroundings.
private func withDockerEngine(
    _ engine: DockerEngine, in folder: String, around: [String] = [],
    _ body: @Sendable () async throws -> Void
) async throws {
    // The engine says on its standard error when it is ready; the shell turns that into lines to wait for.
    try await withoutActuallyEscaping(body) { body in
        let (_, status) = try await withGuardedProcess(
            "/bin/sh",
            [
                "-c", "exec \"$@\" 2>&1", "sh",
            ] + around + [
                try Peer.dockerEngine.path(),
                "--iptables=false", "--ip6tables=false", "--bridge=none", "--storage-driver=vfs",
                "--data-root", folder + "/data", "--exec-root", folder + "/exec",
                "--pidfile", folder + "/docker.pid", "--host", "unix://" + engine.socket,
            ],
            environment: [:], log: folder + "/log"
        ) { process in
            var said: [String] = []
            while let line = await process.line(startingWith: "") {
                said.append(line)
                if line.contains("API listen on") { return try await body() }
            }
            throw CommandFailed(
                description: "dockerd did not start:\n" + said.suffix(20).joined(separator: "\n"))
        }
        guard status == 0 else { throw CommandFailed(description: "dockerd ended with status \(status)") }
    }
}
