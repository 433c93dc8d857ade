import Contracts
import Foundation
import Harness
import Testing

/// `homeport token-server` from configurations of docker_auth, believed by Debian's real registry.
@Suite(.timeLimit(.minutes(5))) struct DockerAuthTests {
    /// docker_auth's own example: `badmin` and `123` are the passwords.
    static let example = #"""
        server:
          addr: "127.0.0.1:0"
        token:
          issuer: "Acme auth server"  # Must match issuer in the Registry config.
          expiration: 900
          certificate: "DIR/token.pem"
          key: "DIR/token.key"
        users:
          "admin":
            password: "$2y$05$LO.vzwpWC5LZGqThvEfznu8qhb5SGqvBSWY1J3yZ4AxtMRZ3kN5jC"  # badmin
          "test":
            password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"  # 123
          "": {}
        acl:
          - match: {account: "admin"}
            actions: ["*"]
            comment: "Admin has full access to everything."
          - match: {account: "/.+/", name: "${account}/*"}
            actions: ["pull", "push"]
          - match: {account: "", name: "public/*"}
            actions: ["pull"]
        """#

    /// Debian's registry, told where tokens come from as its documents say.
    static func registry(_ tokens: TokenServer, bundle: String) -> [String: String] {
        [
            "REGISTRY_AUTH": "token",
            "REGISTRY_AUTH_TOKEN_REALM": "http://\(tokens.address)/auth",
            "REGISTRY_AUTH_TOKEN_SERVICE": "registry",
            "REGISTRY_AUTH_TOKEN_ISSUER": "Acme auth server",
            "REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE": bundle,
        ]
    }

    /// Every form of token that can be had, at the real registry.
    @Test(arguments: TestAuthority.Kind.allCases.filter { $0 != .ed25519 }, ["x5c", "kid"])
    func theRealRegistryBelievesEveryForm(_ kind: TestAuthority.Kind, _ keyName: String) async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"], kind: kind).write(to: folder.path, as: "token")
        try await withTokenServer(Self.example, in: folder, arguments: ["--key-name", keyName]) { tokens in
            try await withDebianRegistry(
                in: folder, environment: Self.registry(tokens, bundle: folder.path + "/token.pem")
            ) { registry in
                let refused = try await registry.caller.get("/v2/")
                #expect(refused.status == 401, "\(refused)")
                let (granted, text) = try await tokens.token(
                    tokens.caller("test", "123"), "repository:test/app:push,pull", "repository:other/app:pull"
                )
                #expect(granted == ["test/app:pull,push", "other/app:"])
                let header = try tokenPart(0, of: text)
                #expect((header["x5c"] != nil) == (keyName == "x5c"))
                #expect((header["kid"] as? String)?.split(separator: ":").count == 12)
                let bearer = RegistryCaller(address: registry.address, credentials: .bearer(text))
                #expect(try await bearer.get("/v2/").status == 200)
                #expect(try await bearer.post("/v2/test/app/blobs/uploads/").status == 202)
                #expect(try await bearer.post("/v2/other/app/blobs/uploads/").status == 401)
            }
        }
    }

    /// A reader by the rules of registries since 3.0, in other people's cryptography. docker_auth's own form, an
    /// identifier of another time, is refused there, which is why the certificate goes with it.
    @Test(arguments: TestAuthority.Kind.allCases.filter { $0 != .ed25519 })
    func registriesSinceThreeBelieveIt(_ kind: TestAuthority.Kind) async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"], kind: kind).write(to: folder.path, as: "token")
        let plain = Self.example.replacing(
            "expiration: 900", with: "expiration: 900\n  disable_legacy_key_id: true")
        for (configuration, options, reading) in [
            (Self.example, [], "accepted by x5c\n"), (plain, [], "accepted by x5c\n"),
            (plain, ["--key-name", "kid"], "accepted by kid\n"), (Self.example, ["--key-name", "kid"], ""),
        ] {
            try await withTokenServer(configuration, in: folder, arguments: options) {
                (tokens: TokenServer) async throws in
                let (_, text) = try await tokens.token(
                    tokens.caller("test", "123"), "repository:test/app:pull")
                let reader = try await PythonPeers.run(
                    "registry3_token.py", [folder.path + "/token.pem", "Acme auth server", "registry"],
                    input: text)
                #expect(reader.output == reading, "\(reader)")
                #expect((reader.status == 0) == !reading.isEmpty)
            }
        }
    }

    /// The registry refuses an expired certificate in a token, and believes a key that it knows.
    @Test func anExpiredCertificateIsSaidAndLeftOut() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"], ends: -60).write(to: folder.path, as: "token")
        try await withTokenServer(Self.example, in: folder) { tokens in
            #expect(tokens.log.contains("auth_config.yml:6: warning: token.certificate: "), "\(tokens.log)")
            #expect(tokens.log.contains("has expired on "))
            try await withDebianRegistry(
                in: folder, environment: Self.registry(tokens, bundle: folder.path + "/token.pem")
            ) { registry in
                let (_, text) = try await tokens.token(tokens.caller("admin", "badmin"))
                #expect(try tokenPart(0, of: text)["x5c"] == nil)
                let bearer = RegistryCaller(address: registry.address, credentials: .bearer(text))
                #expect(try await bearer.get("/v2/").status == 200)
            }
        }
    }

    @Test func claimsAreThoseOfDockerAuth() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        try await withTokenServer(Self.example, in: folder) { tokens in
            let (_, text) = try await tokens.token(
                tokens.caller("admin", "badmin"), "repository(plugin):a/b:push,made,pull",
                "registry:catalog:*",
                service: "any%20service")
            let claims = try tokenPart(1, of: text)
            #expect(
                Set(claims.keys) == ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "access"])
            #expect(claims["iss"] as? String == "Acme auth server")
            #expect(claims["sub"] as? String == "admin")
            #expect(claims["aud"] as? String == "any service")
            let issued = try #require(claims["iat"] as? Int)
            #expect(claims["exp"] as? Int == issued + 900 && claims["nbf"] as? Int == issued - 10)
            let access = try #require(claims["access"] as? [[String: Any]])
            #expect(access.allSatisfy { Set($0.keys) == ["type", "name", "actions"] }, "\(access)")
            #expect(access[0]["type"] as? String == "repository")
            #expect(access[0]["actions"] as? [String] == ["made", "pull", "push"])
            #expect(access[1]["actions"] as? [String] == ["*"])
        }
    }

    /// skopeo, which reads the challenge, asks for the token and comes back with it.
    @Test func aRealClientLogsInPushesAndIsRefused() async throws {
        let tools = try ContainerTools()
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        try await withTokenServer(Self.example, in: folder) { tokens in
            try await withDebianRegistry(
                in: folder, environment: Self.registry(tokens, bundle: folder.path + "/token.pem")
            ) { registry in
                let layout = try OCILayout()
                let source = try layout.tag(layout.addImage(layers: [Array("layer".utf8)]), "one")
                func push(_ name: String, as credentials: String) async throws -> Finished {
                    try await tools.skopeo(
                        "copy", "--dest-tls-verify=false", "--dest-creds", credentials, source,
                        "docker://\(registry.address)/\(name):v1")
                }
                try await push("test/app", as: "test:123").succeeded()
                try await push("public/app", as: "admin:badmin").succeeded()
                #expect(try await push("other/app", as: "test:123").status != 0)
                let wrong = try await push("test/app", as: "test:124")
                #expect(wrong.status != 0 && wrong.errors.contains("unauthorized"), "\(wrong)")
                try await tools.skopeo(
                    "inspect", "--tls-verify=false", "--no-creds",
                    "docker://\(registry.address)/public/app:v1"
                ).succeeded()
                let secret = try await tools.skopeo(
                    "inspect", "--tls-verify=false", "--no-creds", "docker://\(registry.address)/test/app:v1")
                #expect(secret.status != 0)
            }
        }
    }
}
