import Contracts
import Foundation
import Harness
import Testing

/// docker_auth's sections for signing in by browser, served from an unchanged configuration: at a real OpenID provider,
/// and at the doubles of GitHub and GitLab.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DockerAuthBrowserTests {
    static func configuration(_ port: Int, _ section: String, prefix: String = "") -> String {
        #"""
        server:
          addr: "127.0.0.1:\#(port)"
          path_prefix: "\#(prefix)"
        token:
          issuer: "Acme auth server"
          expiration: 900
          certificate: "DIR/token.pem"
          key: "DIR/token.key"
        users:
          "test":
            password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"  # 123
        \#(section)
        acl:
          - match: {account: "test"}
            actions: ["*"]
          - match: {account: "/.+/", name: "${labels:groups}/*"}
            actions: ["pull", "push"]
          - match: {account: "/.+/", name: "${labels:teams}/*"}
            actions: ["pull"]
          - match: {account: "mona", name: "monas/*"}
            actions: ["pull"]
        """#
    }

    /// A folder with the key, a free port, and the address that browsers find there.
    static func place() throws -> (folder: TemporaryFolder, port: Int, home: String) {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        try (IdentityPeer.clientSecret + "\n").write(
            toFile: folder.path + "/client.secret", atomically: true, encoding: .utf8)
        let port = try freePorts(1)[0]
        return (folder, port, "http://127.0.0.1:\(port)")
    }

    private func makeToken(_ page: Browser.Page, _ browser: Browser, at base: String) async throws
        -> Browser.Page
    {
        let mark = try #require(page.value(after: #"name="mark" value=""#), "\(page)")
        let action = try #require(page.value(after: #"<form method="post" action="/"#))
        #expect(page.text.contains("/signin/tokens/make"), "\(action)")
        let made = try await browser.post(
            base + "/signin/tokens/make",
            [("mark", mark), ("name", "laptop"), ("days", "30"), ("reach", "all")])
        #expect(made.status == 200, "\(made)")
        return made
    }

    private func token(in made: Browser.Page) throws -> String {
        try #require(made.value(after: #"readonly value=""#), "\(made)")
    }

    private func status(_ server: TokenServer, _ name: String, _ token: String, prefix: String = "")
        async throws
        -> Int
    {
        try await server.caller(name, token).get("\(prefix)/auth?service=registry").status
    }

    private func granted(_ server: TokenServer, _ name: String, _ token: String, _ scope: String) async throws
        -> [String]
    {
        try await server.token(server.caller(name, token), "repository:\(scope)").granted
    }

    @Test func peopleOfAnOpenIDProvider() async throws {
        let (folder, port, home) = try Self.place()
        let base = home + "/docker"
        try await withIdentityPeer("openid_provider.py", redirect: base + "/oidc_auth", in: folder) { peer in
            let section = """
                oidc_auth:
                  issuer: "\(peer.address)/o"
                  redirect_url: "\(base)/oidc_auth"
                  client_id: "\(IdentityPeer.clientID)"
                  client_secret_file: "DIR/client.secret"
                  level_token_db: {path: "DIR/tokens.ldb"}
                  registry_url: "https://registry.example:5000/"
                  labels_claims: [groups, preferred_username, nothing]
                """
            let text = Self.configuration(port, section, prefix: "/docker")
            let options = ["--recheck-time", "1s"]
            let token = try await withTokenServer(text, in: folder, arguments: options) {
                (server: TokenServer) async throws in
                #expect(server.log.contains("--safe addresses"), "\(server.log)")
                let browser = Browser(places: [:])
                let choices = try await browser.get(base + "/")
                #expect(choices.text.contains("Sign in with OpenID Connect"), "\(choices)")
                let form = try await browser.get(base + "/oidc_auth")
                #expect(form.url.hasPrefix(peer.address + "/login"), "\(form)")
                let page = try await browser.post(form.url, [("username", "alice"), ("password", "alice")])
                #expect(page.status == 200 && page.url == base + "/", "\(page)")
                #expect(page.text.contains("groups: dev, ops") && !page.text.contains("preferred_username"))
                let style = try #require(page.value(after: #"rel="stylesheet" href=""#))
                #expect(try await browser.get(home + style).status == 200, "\(style)")
                let made = try await makeToken(page, browser, at: base)
                #expect(
                    made.text.contains(
                        "docker login --username alice@example.com --password-stdin registry.example:5000"))
                return try self.token(in: made)
            }
            try await withTokenServer(text, in: folder, arguments: options) {
                (server: TokenServer) async throws in
                let name = "alice@example.com"
                try await skopeoLogsIn(server, name, token, folder, prefix: "/docker")
                #expect(try await status(server, "test", "123", prefix: "/docker") == 200)
                #expect(try await status(server, "bob@example.com", token, prefix: "/docker") == 401)
                let list = try await homeport(["token", "list"], data: folder.path + "/tokens.ldb/homeport")
                #expect(list.output.contains("laptop") && list.output.contains(name), "\(list)")
                _ = try await Browser(places: [:]).get(peer.address + "/control/forget/alice")
                while try await status(server, name, token, prefix: "/docker") == 200 {}
                #expect(server.log.contains("a person has to sign in anew"), "\(server.log)")
                #expect(!server.log.contains(token) && !server.log.contains(IdentityPeer.clientSecret))
            }
        }
    }

    /// By the real registry and a real client: `docker login -u NAME -p TOKEN`, and what the labels grant.
    private func skopeoLogsIn(
        _ server: TokenServer, _ name: String, _ token: String, _ folder: TemporaryFolder, prefix: String
    ) async throws {
        let tools = try ContainerTools()
        var settings = DockerAuthTests.registry(server, bundle: folder.path + "/token.pem")
        settings["REGISTRY_AUTH_TOKEN_REALM"] = "http://\(server.address)\(prefix)/auth"
        try await withDebianRegistry(in: folder, environment: settings) { registry in
            try await tools.skopeo(["login", "--tls-verify=false", "-u", name, "-p", token, registry.address])
                .succeeded()
            let layout = try OCILayout()
            let source = try layout.tag(layout.addImage(layers: [Array("layer".utf8)]), "one")
            for (repository, isAllowed) in [("dev/app", true), ("ops/app", true), ("guests/app", false)] {
                let pushed = try await tools.skopeo(
                    "copy", "--dest-tls-verify=false", source, "docker://\(registry.address)/\(repository):v1"
                )
                #expect((pushed.status == 0) == isAllowed, "\(repository): \(pushed)")
            }
        }
    }

    @Test func membersOfAGitHubOrganization() async throws {
        let (folder, port, home) = try Self.place()
        try await withIdentityPeer("code_hosts.py", redirect: home + "/github_auth", in: folder) { peer in
            let section = """
                github_auth:
                  organization: octo
                  client_id: "\(IdentityPeer.clientID)"
                  client_secret: "\(IdentityPeer.clientSecret)"
                  github_web_uri: "\(peer.address)"
                  github_api_uri: "\(peer.address)/api/v3"
                  revalidate_after: 1s
                  redis_token_db: {redis_options: {addr: "localhost:6379"}}
                """
            let options = ["--data", folder.path + "/data"]
            try await withTokenServer(Self.configuration(port, section), in: folder, arguments: options) {
                (server: TokenServer) async throws in
                #expect(server.log.contains("github_auth.redis_token_db: is not asked"), "\(server.log)")
                let browser = Browser(places: [:])
                let page = try await browser.get(home + "/github_auth")
                #expect(page.url == home + "/" && page.text.contains("mona"), "\(page)")
                let made = try await makeToken(page, browser, at: home)
                #expect(
                    made.text.contains("--password-stdin REGISTRY")
                        && made.text.contains("name of the registry"))
                let token = try token(in: made)
                #expect(try await granted(server, "mona", token, "web/a:pull,push") == ["web/a:pull"])
                #expect(
                    try await granted(server, "mona", token, "core/a:pull") == ["core/a:pull"], "above web")
                #expect(try await granted(server, "mona", token, "evil/a:pull") == ["evil/a:"])
                _ = try await Browser(places: [:]).get(peer.address + "/control/leave")
                while try await status(server, "mona", token) == 200 {}
                let refused = try await browser.get(home + "/github_auth")
                #expect(refused.status == 403 && refused.text.contains("not a member"), "\(refused)")
                let forged = try await browser.get(home + "/github_auth?code=x&state=y")
                #expect(forged.status == 400, "\(forged)")
            }
        }
    }

    @Test func peopleOfGitLabWithAndWithoutAGroup() async throws {
        let (folder, port, home) = try Self.place()
        try await withIdentityPeer("code_hosts.py", redirect: home + "/gitlab_auth", in: folder) { peer in
            let section = """
                gitlab_auth:
                  client_id: "\(IdentityPeer.clientID)"
                  client_secret: "\(IdentityPeer.clientSecret)"
                  gitlab_web_uri: "\(peer.address)/gitlab"
                  gitlab_api_uri: "\(peer.address)/gitlab/api/v4"
                  grant_type: authorization_code
                  revalidate_after: 1s
                  level_token_db: {path: "DIR/tokens.ldb"}
                """
            // Nobody has said where browsers come: it is where they are.
            try await withTokenServer(Self.configuration(port, section), in: folder) {
                (server: TokenServer) async throws in
                let browser = Browser(places: [:])
                let made = try await makeToken(
                    try await browser.get(home + "/gitlab_auth"), browser, at: home)
                let token = try token(in: made)
                #expect(try await granted(server, "mona", token, "monas/a:pull") == ["monas/a:pull"])
                #expect(try await granted(server, "mona", token, "acme/a:pull") == ["acme/a:"])
                _ = try await Browser(places: [:]).get(peer.address + "/control/suspended")
                while try await status(server, "mona", token) == 200 {}
            }
            _ = try await Browser(places: [:]).get(peer.address + "/control/fine")
            let restricted = section + "\n  organization: acme\n  redirect_uri: \"\(home)/gitlab_auth\""
            try await withTokenServer(Self.configuration(port, restricted), in: folder) {
                (server: TokenServer) async throws in
                #expect(server.log.contains("gitlab_auth.organization: only those in this group"))
                let browser = Browser(places: [:])
                let page = try await browser.get(home + "/gitlab_auth")
                #expect(page.text.contains("groups: acme/dev"), "\(page)")
                _ = try await Browser(places: [:]).get(peer.address + "/control/leave")
                let refused = try await browser.get(home + "/gitlab_auth")
                #expect(refused.status == 403 && refused.text.contains("in the group acme"), "\(refused)")
            }
        }
    }
}
