import Contracts
import Foundation
import Harness
import Testing

/// From nothing but Debian to a registry with a certificate: `apt install ./homeport.deb`, which brings what the package
/// depends on, `homeport setup`, an authority, Docker.
@Suite(.timeLimit(.minutes(10))) struct BareDebianTests {
    private static let password = "a password of one's own"

    @Test func thePackageAndSetupEndInARegistryThatDockerPushesTo() async throws {
        let folder = try TemporaryFolder()
        let debian = try await BareDebian()
        try debian.copy(try await makePackage(in: folder), to: "/homeport.deb")
        try await debian.install("./homeport.deb")
        let ports = try freePorts(3)
        try await withPebble(httpPort: ports[1], tlsPort: ports[0]) { pebble in
            try debian.copy(pebble.authorityFile, to: "/etc/homeport/pebble.pem")
            let setup = try await debian.run(
                "/usr/bin/homeport", "setup", "--yes", "--host", "registry.example", "--email",
                "admin@example.com",
                "--acme-directory", pebble.directory, "--acme-authority-file", "/etc/homeport/pebble.pem",
                "--https-port", "\(ports[0])", "--http-port", "\(ports[1])", "--listen",
                "127.0.0.1:\(ports[2])",
                "--password-stdin", input: Self.password + "\n")
            #expect(
                setup.output.contains("docker login --username admin registry.example:\(ports[0])"),
                "\(setup)")
            let root = try await pebble.rootFile()
            try debian.copy(root, to: "/root.pem")
            try await serve(debian, log: folder.path + "/log") {
                let doctor = try await debian.command(
                    "/usr/bin/homeport",
                    [
                        "doctor", "--config", "/etc/homeport/homeport.yaml", "--address", "127.0.0.1",
                        "--authority-file", "/root.pem",
                    ], as: "homeport"
                ).run()
                #expect(doctor.status == 0, "\(doctor)")
                #expect(doctor.output.contains("it came back as it was"), "\(doctor)")
                try await push(to: "registry.example:\(ports[0])", believing: root)
            }
        }
    }

    /// Runs the server as its unit does, until it has its certificate and `body` is over.
    private func serve(
        _ debian: BareDebian, log: String, _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        let words = debian.words("/usr/bin/homeport", ["serve"], as: "homeport")
        let (_, status) = try await withGuardedProcess(
            words[0], Array(words.dropFirst()),
            environment: ["HOMEPORT_CONFIG": "/etc/homeport/homeport.yaml"],
            log: log
        ) { process in
            guard await process.line(startingWith: "listening on http://") != nil else {
                let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                throw CommandFailed(description: "the server did not start:\n\(said)")
            }
            while (try? String(contentsOfFile: log, encoding: .utf8).contains("certificate obtained")) != true
            {
                await Task.yield()
            }
            try await body()
        }
        #expect(status == 0)
    }

    private func push(to server: String, believing root: String) async throws {
        try await withDockerEngine(naming: "registry.example", at: server, believing: root) { docker in
            let image = "\(server)/admin/hello:v1"
            try await docker.makeImage(image)
            try await docker.login("admin", Self.password, at: server).succeeded()
            let push = try await docker("push", image).succeeded()
            #expect(push.output.contains("v1: digest: sha256:"), "\(push)")
            try await docker("rmi", image).succeeded()
            try await docker("pull", image).succeeded()
            let run = try await docker("run", "--rm", "--network=none", image, "/bin/busybox", "echo", "ok")
            #expect(run.output == "ok\n", "\(run)")
        }
    }
}
