import Contracts
import Foundation
import Harness
import Testing

/// What is dangerous in docker_auth is kept and said, and had safe by an option; what is only wrong there is right.
@Suite(.timeLimit(.minutes(5))) struct DockerAuthHazardTests {
    private static let hazards = #"""
        server: {addr: "127.0.0.1:0", real_ip_header: X-Client, real_ip_pos: -1, path_prefix: /tokens}
        token: {issuer: Acme, expiration: 30, certificate: DIR/token.pem, key: DIR/token.key}
        users:
          open: {}
          labelled:
            password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"
            labels: {anything: ["/.*/"]}
          devops:
            password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"
          "/x/":
            password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"
        acl:
          - match: {ip: 192.0.2.0/24}
            actions: ["*"]
          - match: {account: labelled, name: "${labels:anything}"}
            actions: [pull]
          - match: {account: "/dev|trainee/", name: build}
            actions: [push]
          - match: {account: open, name: open}
            actions: ["*"]
          - match: {name: "${account}"}
            actions: [pull]
        """#

    private func withServer<Value: Sendable>(
        _ arguments: [String] = [], _ body: @Sendable @escaping (TokenServer) async throws -> Value
    ) async throws -> Value {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        return try await withTokenServer(Self.hazards, in: folder, arguments: arguments, body)
    }

    /// The actions that somebody is granted of those asked on one repository; nil for somebody who cannot sign in.
    private func granted(
        _ server: TokenServer, _ account: String, _ password: String, _ scope: String,
        from address: String? = "10.0.0.1"
    ) async throws -> [String]? {
        let headers = address.map { [("X-Client", $0)] } ?? []
        let answer = try await server.caller(account, password).get(
            "/tokens/auth?service=r&scope=repository:\(scope)", headers: headers)
        guard answer.status == 200 else { return nil }
        let token = try #require(answer.object["token"] as? String)
        let access = try tokenPart(1, of: token)["access"] as? [[String: Any]]
        return access?.first?["actions"] as? [String]
    }

    @Test func dangersGoOnAndAreSaid() async throws {
        try await withServer { (server: TokenServer) async throws in
            let log = server.log
            for said in [
                ":1: warning: server.real_ip_header: whoever reaches this server",
                ":2: warning: token.expiration: clients take a token for good for 60 seconds",
                ":4: warning: users.open: has no password, so everybody signs in as it",
                ":6: warning: users.labelled.password: the hash is cheap to guess",
                ":14: warning: acl[0].actions: * grants whatever is asked",
                ":15: warning: acl[1].match.name: a value is put in as it is",
                ":17: warning: acl[2].match.account: the regular expression matches anywhere",
            ] { #expect(log.contains(said), "\(said) is not in\n\(log)") }
            #expect(try await granted(server, "labelled", "123", "prod/app:pull,push") == ["pull"])
            #expect(try await granted(server, "devops", "123", "build:push") == ["push"])
            #expect(try await granted(server, "/x/", "123", "axb:pull") == ["pull"])
            #expect(try await granted(server, "open", "whatever", "open:delete,made") == ["delete", "made"])
            #expect(
                try await granted(server, "devops", "123", "any:push", from: "192.0.2.7, 192.0.2.8") == [
                    "push"
                ])
        }
    }

    @Test func safetyIsOneOptionAway() async throws {
        try await withServer(["--safe", "all", "--trusted-proxy", "10.0.0.0/8", "--service", "r"]) {
            (server: TokenServer) async throws in
            #expect(!server.log.contains("--safe"), "\(server.log)")
            #expect(try await granted(server, "labelled", "123", "prod/app:pull,push") == [])
            #expect(try await granted(server, "devops", "123", "build:push") == [])
            #expect(try await granted(server, "/x/", "123", "axb:pull") == [])
            #expect(try await granted(server, "open", "whatever", "open:delete") == nil)
            #expect(
                try await granted(server, "devops", "123", "any:push", from: "192.0.2.7") == [],
                "nobody's proxy")
            let other = try await server.caller("devops", "123").get("/tokens/auth?service=other")
            #expect(other.status == 400, "\(other)")
        }
    }

    @Test func addressesAreThoseOfDockerAuth() async throws {
        try await withServer { (server: TokenServer) async throws in
            #expect(try await server.nobody.get("/tokens/").status == 200)
            #expect(try await server.nobody.get("/tokens").status == 200)
            #expect(try await server.nobody.get("/auth").status == 404)
            #expect(try await server.nobody.get("/healthz").status == 200, "a probe says no address")
            let caller = server.caller("devops", "123")
            #expect(try await caller.get("/tokens/auth?service=r").status == 400, "the proxy says no address")
            let client = [("X-Client", "10.0.0.1")]
            for path in ["/tokens/auth", "/tokens/auth/token"] {
                let answer = try await caller.get("\(path)?service=r", headers: client)
                #expect(answer.status == 200, "\(answer)")
                #expect(answer.object["expires_in"] as? Int == 60)
            }
            let wrong = try await server.caller("devops", "1234").get(
                "/tokens/auth?service=r", headers: client)
            #expect(wrong.status == 401)
            #expect(wrong["WWW-Authenticate"]?.hasPrefix(#"Basic realm="Acme""#) == true, "\(wrong)")
            let offline = try await caller.get(
                "/tokens/auth?service=r&offline_token=true&client_id=docker", headers: client)
            #expect(offline.status == 200 && offline.object["refresh_token"] == nil, "\(offline)")
            let form = [("Content-Type", "application/x-www-form-urlencoded")] + client
            let posted = try await server.nobody.post(
                "/tokens/auth", headers: form, body: Array("username=devops&password=123&service=r".utf8))
            #expect(posted.status == 200, "\(posted)")
        }
    }

    @Test func aChangeIsServedAndABadOneIsNot() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        try await withTokenServer(DockerAuthTests.example, in: folder) { (server: TokenServer) async throws in
            let scope = "repository:public/app:pull,push"
            #expect(try await server.token(server.nobody, scope).granted == ["public/app:pull"])
            let text = try String(contentsOfFile: server.configuration, encoding: .utf8)
            func write(_ text: String) throws {
                try text.write(toFile: server.configuration, atomically: true, encoding: .utf8)
            }
            try write(text.replacing("public/*", with: "private/*"))
            try await server.process.signal("HUP")
            while try await server.token(server.nobody, scope).granted != ["public/app:"] {}

            try write("users: {a: {pasword: x}}")
            try await server.process.signal("HUP")
            while !server.log.contains("did you mean `users.a.password`?") { await Task.yield() }
            #expect(try await server.token(server.nobody, scope).granted == ["public/app:"])

            // Without a signal, by looking.
            try write(text)
            while try await server.token(server.nobody, scope).granted != ["public/app:pull"] {}
            try TestAuthority().issue(["auth.test"], kind: .p384).write(to: folder.path, as: "token")
            func algorithm() async throws -> String? {
                try tokenPart(0, of: try await server.token(server.nobody).text)["alg"] as? String
            }
            while try await algorithm() != "ES384" {}
        }
    }

    @Test func tlsIsSpokenWithTheServersCertificate() async throws {
        let folder = try TemporaryFolder()
        let authority = try TestAuthority()
        try authority.issue(["localhost"]).write(to: folder.path, as: "tls")
        try authority.pem.write(toFile: folder.path + "/ca.pem", atomically: true, encoding: .utf8)
        let configuration = """
            server: {addr: "127.0.0.1:0", certificate: DIR/tls.pem, key: DIR/tls.key, hsts: true, tls_min_version: TLS12,
                     tls_cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_RSA_WITH_RC4_128_SHA],
                     tls_curve_preferences: [P384]}
            token: {issuer: Acme, expiration: 900}
            users: {"": {}}
            acl: [{match: {}, actions: [pull]}]
            """
        try await withTokenServer(configuration, in: folder) { (server: TokenServer) async throws in
            let answer = try await Command(
                "/usr/bin/curl",
                [
                    "--silent", "--show-error", "--include", "--cacert", folder.path + "/ca.pem",
                    "https://\(server.address)/auth?service=r",
                ]
            ).run().succeeded()
            #expect(answer.output.contains("200"), "\(answer)")
            #expect(
                answer.output.lowercased().contains(
                    "strict-transport-security: max-age=63072000; includesubdomains"))
            #expect(answer.output.contains(#""token":""#))
            #expect(server.log.contains("`TLS_RSA_WITH_RC4_128_SHA` has no forward secrecy"), "\(server.log)")
            let client = "openssl s_client -connect \(server.address) -tls1_2 </dev/null 2>&1"
            let spoken = try await Command("/bin/sh", ["-c", client]).run().text
            #expect(spoken.contains("ECDHE-ECDSA-AES256-GCM-SHA384"), "\(spoken)")
            #expect(spoken.contains("384 bits"), "the curve is the one that was chosen: \(spoken)")
        }
    }

    /// As behind a proxy on the same machine; what an earlier run has left is no hindrance.
    @Test func aSocketIsListenedOn() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        let file = folder.path + "/auth.yml"
        let socket = folder.path + "/socket"
        try """
        server: {addr: "\(socket)", net: unix, real_ip_header: X-Real-IP}
        token: {issuer: Acme, expiration: 900, certificate: \(folder.path)/token.pem, key: \(folder.path)/token.key}
        users: {"": {}}
        acl: [{match: {ip: 192.0.2.0/24}, actions: [pull]}]
        """.write(toFile: file, atomically: true, encoding: .utf8)
        try await Command(
            "/usr/bin/python3",
            ["-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", socket]
        ).run().succeeded()
        let (_, status) = try await withGuardedProcess(
            try homeportPath(), ["token-server", file], environment: [:], log: folder.path + "/log"
        ) { (process: GuardedProcess) async throws in
            let line = await process.line(startingWith: "listening on ")
            #expect(line == "listening on \(socket)")
            for (address, granted) in [
                ("192.0.2.7", #""scope":"repository:a:pull""#), ("198.51.100.7", #""scope":"""#),
            ] {
                let answer = try await Command(
                    "/usr/bin/curl",
                    [
                        "--silent", "--unix-socket", socket, "-H", "X-Real-IP: \(address)",
                        "http://auth/auth?service=r&scope=repository:a:pull",
                    ]
                ).run().succeeded()
                #expect(answer.output.contains(granted), "\(answer)")
            }
        }
        #expect(status == 0)
        #expect(!FileManager.default.fileExists(atPath: socket))
    }
}
