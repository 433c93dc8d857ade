import Contracts
import Foundation
import Harness
import Testing

/// The built program with TLS: its start, its certificates while it runs, and container tools that trust it.
@Suite(.timeLimit(.minutes(5))) struct TLSTests {
    private let folder: TemporaryFolder
    private let authority: TestAuthority

    init() throws {
        folder = try TemporaryFolder()
        authority = try TestAuthority()
        try authority.pem.write(toFile: folder.path + "/ca.crt", atomically: true, encoding: .utf8)
    }

    /// A certificate for another name comes first, so that the right one is found by name only.
    private func settings(_ names: String...) throws -> String {
        try authority.issue(["other.example"]).write(to: folder.path, as: "other")
        for name in names { try authority.issue([name]).write(to: folder.path, as: name) }
        let entries = (["other"] + names).map {
            "    - {certificate_file: \(folder.path)/\($0).pem, key_file: \(folder.path)/\($0).key}\n"
        }
        return "tls:\n  listen: [127.0.0.1:0]\n  certificates:\n\(entries.joined())"
    }

    private func curl(_ url: String, _ options: String...) async throws -> Finished {
        var command = Command(
            try Peer.curl.path(), ["-sS", "--cacert", folder.path + "/ca.crt"] + options + [url])
        command.limitInSeconds = 120
        return try await command.run()
    }

    /// What the program says itself. A killed process of the same number leaves libmongoc's counters behind, and of that
    /// the library warns.
    private static func ownWords(_ text: String) -> [Substring] {
        text.split(separator: "\n").filter { $0.hasPrefix("homeport: ") }
    }

    @Test func aWrongCertificateStopsTheStartWithAFileACauseAndACure() async throws {
        let settings = try settings("localhost")
        let file = folder.path + "/homeport.yaml"
        try settings.write(toFile: file, atomically: true, encoding: .utf8)
        func refused() async throws -> String {
            let started = try await homeport(["serve", "--config", file], data: folder.path + "/data")
            #expect(started.status == 2, "\(started)")
            let checked = try await homeport(["check", "--config", file])
            #expect(Self.ownWords(checked.errors) == Self.ownWords(started.errors))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
            return started.errors
        }
        let key = folder.path + "/localhost.key"
        try FileManager.default.removeItem(atPath: key)
        #expect(try await refused().contains("\(key) cannot be read: No such file or directory; see that"))
        try FileManager.default.copyItem(atPath: folder.path + "/other.key", toPath: key)
        #expect(try await refused().contains("\(key) is not the key of the certificate in"))
        try authority.issue(["localhost"], begins: -99_999, ends: -9).write(to: folder.path, as: "localhost")
        #expect(try await refused().contains("localhost.pem holds a certificate that has expired on 20"))
    }

    @Test func noRequestFailsWhileCertificatesAreReplaced() async throws {
        try await withHomeport(settings: try settings("localhost")) { server in
            let port = try #require(server.otherPorts.first)
            let url = "https://localhost:\(port)/healthz"
            let many: @Sendable (String) async throws -> [Substring] = { version in
                try await curl(
                    url + "?[1-400]", version, "-Z", "--parallel-max", "8", "-o", "/dev/null", "-w",
                    "%{http_code}\n"
                ).succeeded().output.split(separator: "\n")
            }
            // Each of these meets the certificates of its moment.
            let single: @Sendable () async throws -> [Substring] = {
                var codes: [Substring] = []
                for _ in 0..<60 {
                    codes.append(
                        try await curl(url, "-o", "/dev/null", "-w", "%{http_code}").succeeded().output[...])
                }
                return codes
            }
            async let first = many("--http1.1")
            async let second = many("--http2")
            async let third = single()
            async let fourth = single()
            for _ in 0..<20 {
                try authority.issue(["localhost"]).write(to: folder.path, as: "localhost")
                try await server.process.signal("HUP")
                _ = try await curl("https://localhost:\(port)/healthz").succeeded()
            }
            let codes = try await first + second + third + fourth
            #expect(codes.count == 920 && codes.allSatisfy { $0 == "200" }, "\(codes.filter { $0 != "200" })")
            let counts = try await server.nobody.get("/metrics").text
            let read = counts.firstMatch(of: /homeport_certificate_reloads_total\{result="read"\} (\d+)/)
            #expect(read.flatMap { Int($0.1) } ?? 0 > 0, "\(counts)")
            #expect(counts.contains("homeport_certificate_end_timestamp_seconds{certificate=\"localhost\"}"))
        }
    }

    /// Without a signal, by looking.
    @Test func newFilesAreSeenAndBrokenOnesAreNot() async throws {
        try await withHomeport(settings: try settings("localhost")) { server in
            let port = try #require(server.otherPorts.first)
            func serial() async throws -> String {
                try await curl("https://localhost:\(port)/healthz", "-o", "/dev/null", "-w", "%{certs}")
                    .succeeded()
                    .output.firstMatch(of: /Serial Number:(\S+)/).map { String($0.1) } ?? "none"
            }
            let first = try await serial()
            try "broken".write(toFile: folder.path + "/localhost.pem", atomically: true, encoding: .utf8)
            while !server.log.contains("the one from before stays") { await Task.yield() }
            #expect(try await serial() == first)
            try authority.issue(["localhost"]).write(to: folder.path, as: "localhost")
            while try await serial() == first {}
        }
    }

    @Test func port80SendsToTLSAndShowsWhatCertbotPutsThere() async throws {
        let settings =
            try settings("localhost") + """
                redirect:
                  listen: [127.0.0.1:0]
                  challenge_folder: \(folder.path)/web
                """
        let place = folder.path + "/web/.well-known/acme-challenge"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try "token.thumb".write(toFile: place + "/to-ken_1", atomically: true, encoding: .utf8)
        try await withHomeport(settings: settings) { server in
            let (secure, plain) = (server.otherPorts[0], server.otherPorts[1])
            for (path, status) in [("/v2/?a=b", "301"), ("/.well-known/other", "301")] {
                let answer = try await curl(
                    "http://localhost:\(plain)\(path)", "-o", "/dev/null", "-w",
                    "%{http_code} %{redirect_url}")
                #expect(answer.output == "\(status) https://localhost:\(secure)\(path)")
            }
            let put = try await curl(
                "http://localhost:\(plain)/x", "-X", "PUT", "-o", "/dev/null", "-w", "%{http_code}")
            #expect(put.output == "308")
            let known = "http://localhost:\(plain)/.well-known/acme-challenge/"
            #expect(try await curl(known + "to-ken_1").output == "token.thumb")
            for wrong in ["gone", "..%2Fto-ken_1", "../../../ca.crt", ""] {
                let answer = try await curl(
                    known + wrong, "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}")
                #expect(answer.output == "404", "\(wrong)")
            }
            let followed = try await curl("http://localhost:\(plain)/healthz", "-L").succeeded()
            #expect(followed.output == "ok\n")
        }
    }

    @Test func skopeoAndPodmanPushAndPullThroughIt() async throws {
        let tools = try ContainerTools()
        try await withHomeport(settings: try settings("localhost")) { server in
            let host = "localhost:\(try #require(server.otherPorts.first))"
            let layout = try OCILayout()
            var archive = TarArchive()
            archive.add("a", randomBytes(3 << 20))
            let source = try layout.tag(layout.addImage(layers: [archive.finished]), "one")
            // A folder with the authority alone: a key in it would be taken for the client's own.
            let trust = try TemporaryFolder()
            try authority.pem.write(toFile: trust.path + "/ca.crt", atomically: true, encoding: .utf8)
            let credentials = "admin:\(Homeport.adminPassword)"
            let distrust = try await tools.skopeo(
                "copy", "--dest-creds", credentials, source, "docker://\(host)/a:1")
            #expect(distrust.status != 0 && distrust.errors.contains("certificate"), "\(distrust)")
            try await tools.skopeo(
                "copy", "--dest-cert-dir", trust.path, "--dest-creds", credentials, source,
                "docker://\(host)/a:1"
            ).succeeded()
            try await tools.podman(
                ["pull", "--cert-dir", trust.path, "--creds", credentials, "docker://\(host)/a:1"]
            ).succeeded()
        }
    }
}

/// A Docker engine over TLS.
@Suite(.dockerEngine, .timeLimit(.minutes(5))) struct DockerTLSTests {
    /// Engines do not look at the certificates of this machine's own names; that they speak TLS and ask for the
    /// name is seen by the port, which speaks nothing else.
    @Test func anImageGoesUpAndComesBack() async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority()
        try authority.issue(["localhost"]).write(to: folder.path)
        let settings = """
            tls:
              listen: [127.0.0.1:0]
              certificates: [{certificate_file: \(folder.path)/tls.pem, key_file: \(folder.path)/tls.key}]
            """
        let docker = try DockerEngine.client()
        try await withHomeport(settings: settings) { server in
            let host = "localhost:\(try #require(server.otherPorts.first))"
            try await docker.login("admin", Homeport.adminPassword, at: host).succeeded()
            let image = "\(host)/demo/busybox:v1"
            try await docker.makeImage(image)
            try await docker("push", image).succeeded()
            try await docker("rmi", image).succeeded()
            try await docker("pull", image).succeeded()
        }
    }
}
