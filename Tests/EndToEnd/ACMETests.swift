import Contracts
import Foundation
import Harness
import Testing

/// The built program gets its certificates itself, from Let's Encrypt's own test server.
@Suite(.timeLimit(.minutes(5))) struct ACMETests {
    private func settings(_ secure: Int, _ plain: Int, directory: String, file: String) -> String {
        """
        tls:
          listen: [127.0.0.1:\(secure)]
        redirect:
          listen: [127.0.0.1:\(plain)]
        acme:
          names: [a.example, b.example]
          email: admin@example.com
          directory: \(directory)
          authority_file: \(file)
        """
    }

    private func curl(_ server: Homeport, _ name: String, root: String, _ options: String...) async throws
        -> Finished
    {
        let port = server.otherPorts[0]
        return try await Command(
            Peer.curl.path(),
            ["-sS", "--cacert", root, "--resolve", "\(name):\(port):127.0.0.1"] + options
                + ["https://\(name):\(port)/healthz"]
        ).run()
    }

    private func isObtained(_ count: Int, _ server: Homeport) async {
        while server.log.components(separatedBy: "certificate obtained").count <= count { await Task.yield() }
    }

    @Test func certificatesAreGotKeptAndShownAtTheNextStart() async throws {
        let ports = try freePorts(2)
        let folder = try TemporaryFolder()
        try await withPebble(
            httpPort: ports[1], tlsPort: ports[0], environment: ["PEBBLE_WFE_NONCEREJECT": "15"]
        ) { pebble in
            let settings = settings(
                ports[0], ports[1], directory: pebble.directory, file: pebble.authorityFile)
            let root = try await pebble.rootFile()
            try await withHomeport(in: folder, settings: settings) { server in
                #expect(server.log.contains("of the server's own make"))
                await isObtained(2, server)
                for name in ["a.example", "b.example"] {
                    #expect(try await curl(server, name, root: root).succeeded().output == "ok\n")
                }
                let wrong = try await curl(server, "c.example", root: root)
                #expect(wrong.status == 60, "\(wrong)")
            }
            for (file, mode) in [("", 0o700), ("/a.example.pem", 0o600)] {
                let path = folder.path + "/data/certificates" + file
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
            }
            // The authority is away when the server starts again: it shows what it has.
            let gone = self.settings(
                ports[0], ports[1], directory: "https://127.0.0.1:1/dir", file: pebble.authorityFile)
            try await withHomeport(in: folder, settings: gone) { server in
                let kept = try await curl(server, "a.example", root: root).succeeded()
                #expect(kept.output == "ok\n")
                // The log goes on from the first start, which made one for each name.
                let made = server.log.components(separatedBy: "of the server's own make").count - 1
                #expect(made == 2)
            }
        }
    }

    /// Certificates of twelve seconds are renewed after eight, while clients come and go.
    @Test func aCertificateIsRenewedWhileItIsShown() async throws {
        let ports = try freePorts(2)
        try await withPebble(httpPort: ports[1], tlsPort: ports[0], life: 12) { pebble in
            let settings = settings(
                ports[0], ports[1], directory: pebble.directory, file: pebble.authorityFile)
            let root = try await pebble.rootFile()
            try await withHomeport(settings: settings) { server in
                await isObtained(2, server)
                var count = 0
                while server.log.components(separatedBy: "certificate obtained").count <= 4 {
                    let answer = try await curl(server, "a.example", root: root).succeeded()
                    #expect(answer.output == "ok\n")
                    count += 1
                }
                #expect(count > 3)
            }
        }
    }

    @Test func theServerServesWhileTheAuthorityIsAway() async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority()
        try authority.pem.write(toFile: folder.path + "/ca.pem", atomically: true, encoding: .utf8)
        let settings = settings(0, 0, directory: "https://127.0.0.1:1/dir", file: folder.path + "/ca.pem")
        try await withHomeport(settings: settings) { server in
            while !server.log.contains("no certificate was got; it is tried again") { await Task.yield() }
            let distrust = try await curl(server, "a.example", root: folder.path + "/ca.pem")
            #expect(distrust.status == 60, "\(distrust)")
            let anyway = try await curl(server, "a.example", root: folder.path + "/ca.pem", "-k").succeeded()
            #expect(anyway.output == "ok\n")
            let plain = try await server.nobody.get("/healthz")
            #expect(plain.status == 200)
        }
    }

    /// certbot puts its answers into a folder, and Homeport sees what it got and what it renewed.
    @Test func certbotGetsAndRenewsThroughTheFolder() async throws {
        let ports = try freePorts(2)
        let folder = try TemporaryFolder()
        let web = folder.path + "/web"
        try FileManager.default.createDirectory(atPath: web, withIntermediateDirectories: true)
        // certbot gives up when a second nonce in a row is refused.
        try await withPebble(
            httpPort: ports[1], tlsPort: ports[0], environment: ["PEBBLE_WFE_NONCEREJECT": "0"]
        ) { pebble in
            @Sendable func certbot(_ arguments: String...) async throws {
                var command = Command(
                    try Peer.certbot.path(),
                    arguments + [
                        "--non-interactive", "--config-dir", folder.path + "/le", "--work-dir",
                        folder.path + "/w",
                        "--logs-dir", folder.path + "/l", "--server", pebble.directory,
                    ])
                command.environment = ["REQUESTS_CA_BUNDLE": pebble.authorityFile]
                command.limitInSeconds = 120
                try await command.run().succeeded()
            }
            let redirect = """
                public_url: https://a.example
                redirect:
                  listen: [127.0.0.1:\(ports[1])]
                  challenge_folder: \(web)

                """
            try await withHomeport(settings: redirect) { _ in
                try await certbot(
                    "certonly", "--webroot", "--webroot-path", web, "-d", "a.example", "--agree-tos", "-m",
                    "admin@example.com")
            }
            let live = folder.path + "/le/live/a.example"
            let tls = """
                tls:
                  listen: [127.0.0.1:\(ports[0])]
                  certificates: [{certificate_file: \(live)/fullchain.pem, key_file: \(live)/privkey.pem}]
                """
            let root = try await pebble.rootFile()
            try await withHomeport(settings: redirect + tls) { server in
                func serial() async throws -> String {
                    try await curl(server, "a.example", root: root, "-o", "/dev/null", "-w", "%{certs}")
                        .succeeded()
                        .output.firstMatch(of: /Serial Number:(\S+)/).map { String($0.1) } ?? "none"
                }
                let first = try await serial()
                try await certbot("renew", "--force-renewal", "--no-random-sleep-on-renew")
                while try await serial() == first {}
            }
        }
    }
}
