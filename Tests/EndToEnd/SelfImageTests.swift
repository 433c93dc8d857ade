import Contracts
import Foundation
import Harness
import Testing

/// The image that the program makes of itself is one that others take and run.
@Suite(.dockerEngine, .serialized, .timeLimit(.minutes(10))) struct SelfImageTests {
    /// The program without what only a debugger needs, which is most of a debug build.
    private func strippedProgram(in folder: TemporaryFolder) async throws -> String {
        let path = folder.path + "/homeport"
        let strip = Peer(program: "strip", debianPackage: "binutils")
        try await Command(strip.path(), ["-o", path, try homeportPath()]).run().succeeded()
        return path
    }

    @Test func itIsPushedPulledAndRun() async throws {
        let folder = try TemporaryFolder()
        let docker = try DockerEngine.client()
        let program = try await strippedProgram(in: folder)
        try await withHomeport { server in
            let name = "\(server.address)/admin/homeport:self"
            let token = try await server.makeToken("admin", "publisher")
            var push = Command(
                program, ["self-image", "--push", name, "--account", "admin", "--password-stdin"])
            push.input = token + "\n"
            push.limitInSeconds = 240
            let pushed = try await push.run().succeeded()
            #expect(pushed.output.contains("pushed \(name)"), "\(pushed)")

            try await docker.login("admin", Homeport.adminPassword, at: server.address).succeeded()
            let pulled = try await docker("pull", name).succeeded()
            let digest = pushed.output.split(separator: "\n").last.map(String.init) ?? "none"
            #expect(pulled.output.contains("Digest: \(digest)"), "\(pulled)")
            let version = try await docker("run", "--rm", "--network=none", name, "version").succeeded()
            #expect(version.output.hasPrefix("homeport"), "\(version)")
            try await serve(name, docker)
        }
    }

    /// It serves a registry, not as root.
    private func serve(_ image: String, _ docker: DockerClient) async throws {
        let port = try freePorts(1)[0]
        let container =
            try await docker(
                "run", "--detach", "--network=host", "--read-only", "--cap-drop=ALL", "--env",
                "HOMEPORT_LISTEN=127.0.0.1:\(port)", "--env", "HOMEPORT_ADMIN_PASSWORD=a word of one's own",
                image
            ).succeeded().output.split(separator: "\n").last.map(String.init) ?? ""
        let health = try await Command(
            Peer.curl.path(),
            [
                "-sSf", "--retry", "40", "--retry-connrefused", "--retry-delay", "1",
                "http://127.0.0.1:\(port)/healthz",
            ]
        ).run()
        let said = try await docker("logs", container)
        #expect(health.output == "ok\n", "\(health)\n\(said)")
        let caller = RegistryCaller(
            address: "127.0.0.1:\(port)", credentials: .basic(name: "admin", password: "a word of one's own"))
        #expect(try await caller.get("/v2/").status == 200)
        let top = try await docker("top", container, "-o", "pid,uid,cmd")
        #expect(top.output.contains("65532"), "\(top)")
        let stopped = try await docker("stop", "--time", "20", container)
        #expect(stopped.status == 0, "\(stopped)")
        let ended = try await docker("inspect", "--format", "{{.State.ExitCode}}", container)
        #expect(ended.output == "0\n", "\(ended)")
    }

    @Test func itIsTheSameEachTime() async throws {
        let folder = try TemporaryFolder()
        let program = try await strippedProgram(in: folder)
        var digests: Set<String> = []
        for name in ["first", "second"] {
            var made = Command(program, ["self-image", "--output", "\(folder.path)/\(name)"])
            made.limitInSeconds = 240
            digests.insert(
                try await made.run().succeeded().output.split(separator: "\n").last.map(String.init) ?? "")
        }
        #expect(digests.count == 1 && digests.first?.hasPrefix("sha256:") == true)
        let tools = try ContainerTools()
        let seen = try await tools.skopeo("inspect", "oci:\(folder.path)/first:0.1.0")
        #expect(seen.status == 0 && seen.output.contains(digests.first ?? "none"), "\(seen)")
        let again = try await Command(program, ["self-image", "--output", "\(folder.path)/first"]).run()
        #expect(again.status == 1 && again.errors.contains("not overwritten"), "\(again)")
    }

    @Test func whereItCannotGoIsSaid() async throws {
        for place in ["homeport", "registry.example/UPPER", "registry.example/a:b:c"] {
            let refused = try await homeport(["self-image", "--push", place])
            #expect(refused.status == 2 && refused.errors.contains("--push"), "\(refused)")
        }
    }
}
