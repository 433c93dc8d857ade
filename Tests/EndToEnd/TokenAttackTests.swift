import Contracts
import Crypto
import Foundation
import Harness
import Testing

/// What somebody sends to a token server who means harm: to the one of `serve`, to the one that stands alone, and
/// with tokens to a real registry that stays.
@Suite(.homeport, .timeLimit(.minutes(3))) struct TokenAttackTests {
    private static let multipart = "multipart/form-data; boundary=x"
    private static let form = "application/x-www-form-urlencoded"

    /// What a client gets rid of although nobody reads it: the two buffers of the kernel, of 32 MiB each where much is
    /// allowed.
    private static let mayLieInBuffers = 96 << 20

    /// Sends a body without an end; what was taken of it until the server closed, and the answer.
    private func flood(port: Int, type: String, coding: String) async throws -> (taken: Int, answer: String) {
        let connection = try RawConnection(port: port)
        try await connection.send(
            "POST /auth HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \(type)\r\n\(coding)\r\n\r\n")
        let isChunked = coding.contains("chunked")
        let size = 64 << 10
        let spaces = [UInt8](repeating: UInt8(ascii: "a"), count: size)
        let piece = isChunked ? Array("10000\r\n".utf8) + spaces + [13, 10] : spaces
        var taken = 0
        while taken < 192 << 20, try await connection.send(piece) { taken += size }
        return (taken, String(decoding: try await connection.readToEnd(limit: 1 << 20), as: UTF8.self))
    }

    /// docker_auth writes such bodies to its disk, whoever sends them.
    @Test(arguments: [multipart, form], ["Content-Length: 209715200", "Transfer-Encoding: chunked"])
    func aBodyWithoutAnEndIsNeitherReadNorKept(_ type: String, _ coding: String) async throws {
        let server = try Homeport.current()
        let before = try memory(of: server.process)
        let (taken, _) = try await flood(port: server.port, type: type, coding: coding)
        #expect(taken < Self.mayLieInBuffers, "\(taken) bytes were taken")
        #expect(try memory(of: server.process) < before + (32 << 20))
        #expect(try await server.nobody.get("/healthz").status == 200)
    }

    /// The same, answered in words to somebody who waits for the answer before sending.
    @Test func whoAsksFirstIsAnswered() async throws {
        let server = try Homeport.current()
        for (type, status) in [(Self.multipart, 415), (Self.form, 413)] {
            let connection = try RawConnection(port: server.port)
            try await connection.send(
                "POST /auth HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \(type)\r\nContent-Length: 209715200\r\n\r\n"
            )
            let (head, body) = try await connection.readAnswer()
            #expect(head.hasPrefix("HTTP/1.1 \(status) "), "\(head)")
            let object = try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
            #expect(object?["error"] as? String == "invalid_request", "clients read the body as JSON")
        }
    }

    @Test func theServerThatStandsAloneIsNoWeaker() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        try await withTokenServer(DockerAuthTests.example, in: folder) { (server: TokenServer) async throws in
            let port = try #require(Int(server.address.split(separator: ":").last ?? ""))
            let before = try memory(of: server.process)
            for coding in ["Content-Length: 209715200", "Transfer-Encoding: chunked"] {
                let (taken, _) = try await flood(port: port, type: Self.multipart, coding: coding)
                #expect(taken < Self.mayLieInBuffers)
            }
            #expect(try memory(of: server.process) < before + (32 << 20))
            try await expectUnknownGrantsAreRefused(server.nobody)
            let guess = server.caller("admin", "wrong")
            var statuses: [Int] = []
            while statuses.last != 429, statuses.count < 60 {
                statuses.append(try await guess.get("/auth?service=x").status)
            }
            #expect(statuses.first == 401 && statuses.last == 429, "\(statuses)")
        }
    }

    @Test func anUnknownGrantIsNoAnonymousOne() async throws {
        let server = try Homeport.current()
        try await server.run(["account", "add", "--anonymous"]).succeeded()
        try await expectUnknownGrantsAreRefused(server.nobody)
    }

    /// docker_auth answers each of these with a token for nobody.
    private func expectUnknownGrantsAreRefused(_ caller: RegistryCaller) async throws {
        let type = [("Content-Type", Self.form)]
        for (grant, error) in [
            ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
            ("grant_type=client_credentials", "unsupported_grant_type"),
            ("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer", "unsupported_grant_type"),
            ("grant_type=refresh_token&refresh_token=x", "invalid_grant"),
            ("grant_type=refresh_token", "invalid_request"), ("grant_type=", "invalid_request"),
        ] {
            let answer = try await caller.post("/auth", headers: type, body: Array(grant.utf8))
            #expect([400, 401].contains(answer.status), "\(grant): \(answer)")
            #expect(answer.object["error"] as? String == error, "\(grant): \(answer)")
            #expect(answer.object["token"] == nil)
        }
    }

    /// A token changed in the header or for another service, at our registry and at Debian's.
    @Test func noRegistryBelievesAForgedToken() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        let bundle = try String(contentsOfFile: folder.path + "/token.pem", encoding: .utf8)
        try await withTokenServer(DockerAuthTests.example, in: folder) { (tokens: TokenServer) async throws in
            let admin = tokens.caller("admin", "badmin")
            let (_, good) = try await tokens.token(admin, "repository:a/b:pull,push")
            let (_, elsewhere) = try await tokens.token(admin, "repository:a/b:pull,push", service: "other")
            let forged = try forgeries(of: good, secrets: [bundle]) + [elsewhere]
            try await withDebianRegistry(
                in: folder, environment: DockerAuthTests.registry(tokens, bundle: folder.path + "/token.pem")
            ) { (registry: DebianRegistry) async throws in
                func status(_ token: String) async throws -> Int {
                    try await RegistryCaller(address: registry.address, credentials: .bearer(token)).get(
                        "/v2/"
                    ).status
                }
                #expect(try await status(good) == 200)
                for token in forged { #expect(try await status(token) == 401, "\(token)") }
            }
        }
        let server = try Homeport.current()
        let path = "/auth?service=homeport&scope=repository:a/b:pull"
        let own = try #require(try await server.admin.get(path).object["token"] as? String)
        let keys = try await server.run(["key", "list", "--json"]).succeeded().output
        let jwks = String(decoding: try await server.nobody.get("/.well-known/jwks.json").body, as: UTF8.self)
        func status(_ token: String) async throws -> Int {
            try await RegistryCaller(address: server.address, credentials: .bearer(token)).get("/v2/").status
        }
        #expect(try await status(own) == 200)
        for token in try forgeries(of: own, secrets: [keys, jwks]) + [good(elsewhere: own)] {
            #expect(try await status(token) == 401, "\(token)")
        }
    }

    /// The token with another audience, under its old signature.
    private func good(elsewhere token: String) throws -> String {
        let parts = token.split(separator: ".")
        var claims = try tokenPart(1, of: token)
        claims["aud"] = "other"
        return "\(parts[0]).\(encoded(try JSONSerialization.data(withJSONObject: claims))).\(parts[2])"
    }

    /// Without a signature, and with one that is keyed by what everybody knows.
    private func forgeries(of token: String, secrets: [String]) throws -> [String] {
        let parts = token.split(separator: ".").map(String.init)
        let header = try tokenPart(0, of: token)
        func changed(_ algorithm: String) throws -> String {
            var own = header
            own["alg"] = algorithm
            return encoded(try JSONSerialization.data(withJSONObject: own))
        }
        var forged: [String] = []
        for algorithm in ["none", "None", ""] {
            forged.append("\(try changed(algorithm)).\(parts[1]).")
            forged.append("\(try changed(algorithm)).\(parts[1]).\(parts[2])")
        }
        let known = secrets + ((header["x5c"] as? [String]) ?? []) + [header["kid"] as? String ?? ""]
        for secret in known {
            let signed = "\(try changed("HS256")).\(parts[1])"
            for key in [Data(secret.utf8), Data(base64Encoded: secret) ?? Data("x".utf8)] {
                let code = HMAC<SHA256>.authenticationCode(
                    for: Data(signed.utf8), using: SymmetricKey(data: key))
                forged.append("\(signed).\(encoded(Data(code)))")
            }
        }
        return forged
    }

    private func encoded(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    /// Resident, in bytes, as the kernel counts.
    private func memory(of process: GuardedProcess) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (Int(line.split { !$0.isNumber }.first ?? "") ?? 0) << 10
    }
}
