import Contracts
import Foundation
import Harness
import Testing

/// People who sign in by browser at a real provider (Django OAuth Toolkit), and what they do then.
@Suite(.serialized, .timeLimit(.minutes(4))) struct BrowserSignInTests {
    static let home = "https://registry.example"
    private static let redirect = home + "/signin/staff/callback"

    static func settings(
        _ issuer: String, _ folder: TemporaryFolder, _ more: String = "", home: String = home
    ) throws -> String {
        let file = folder.path + "/client.secret"
        try (IdentityPeer.clientSecret + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        return """
            public_url: \(home)
            accounts:
              providers:
                - name: staff
                  kind: oidc
                  title: The Staff
                  issuer: \(issuer)
                  client_id: \(IdentityPeer.clientID)
                  client_secret_file: \(file)
                  groups: [dev]
                  recheck_time: 1s
            \(more)
            """
    }

    private func browser(_ server: Homeport) -> Browser {
        Browser(places: [Self.home: "http://\(server.address)"])
    }

    /// An address that is the server's own, for clients that follow it.
    private func reachable() throws -> (home: String, listen: [String]) {
        let port = try freePorts(1)[0]
        return ("http://127.0.0.1:\(port)", ["--listen", "127.0.0.1:\(port)"])
    }

    /// Signs somebody in: the page that they end at.
    private func signIn(
        _ name: String, _ browser: Browser, at peer: IdentityPeer, home: String = home
    ) async throws -> Browser.Page {
        let form = try await browser.get(home + "/signin/staff")
        #expect(form.url.hasPrefix(peer.address + "/login"), "\(form)")
        return try await browser.post(form.url, [("username", name), ("password", name)])
    }

    private func makeToken(
        _ name: String, _ browser: Browser, reach: String = "all", home: String = home
    ) async throws -> String {
        let page = try await browser.get(home + "/signin")
        let mark = try #require(page.value(after: #"name="mark" value=""#))
        let made = try await browser.post(
            home + "/signin/tokens/make",
            [("mark", mark), ("name", name), ("days", "30"), ("reach", reach)])
        #expect(made.status == 200, "\(made)")
        #expect(made.header("Cache-Control") == "no-store")
        let place = home.split(separator: "/").last ?? ""
        #expect(made.text.contains("docker login --username alice@example.com --password-stdin \(place)"))
        return try #require(made.value(after: #"readonly value=""#))
    }

    private func status(_ server: Homeport, _ name: String, _ token: String) async throws -> Int {
        try await server.caller(name, token).get("/token?service=homeport").status
    }

    @Test func fromThePageToAPullAndOutOfTheGroup() async throws {
        let folder = try TemporaryFolder()
        let (home, listen) = try reachable()
        let redirect = home + "/signin/staff/callback"
        try await withIdentityPeer("openid_provider.py", redirect: redirect, in: folder) { peer in
            let settings = try Self.settings(peer.address + "/o", folder, home: home)
            let token = try await withHomeport(in: folder, settings: settings, arguments: listen) { server in
                try await server.addRule(61, "--name", "${labels:groups}/**", actions: "pull,push")
                let browser = Browser(places: [:])
                let choices = try await browser.get(home + "/signin")
                #expect(choices.text.contains("Sign in with The Staff"))
                let page = try await signIn("alice", browser, at: peer, home: home)
                #expect(page.status == 200 && page.url == home + "/signin", "\(page)")
                #expect(page.text.contains("alice@example.com") && page.text.contains("dev, ops"))
                let policy = page.header("Content-Security-Policy") ?? ""
                #expect(policy.hasPrefix("default-src 'none'; style-src 'self'; "), "\(policy)")
                let token = try await makeToken("laptop", browser, home: home)
                try await pushAndPull(server, token)
                let robot = try await makeToken("robot", browser, reach: "pull", home: home)
                try await revoke("robot", robot, browser, server, home)
                try await isWrittenDown(server, [token, robot])
                return token
            }
            // After a restart the token is good, without anybody signing in.
            try await withHomeport(in: folder, settings: settings, arguments: listen) { server in
                #expect(try await status(server, "alice@example.com", token) == 200)
                _ = try await Browser(places: [:]).get(peer.address + "/control/leave/alice/dev")
                while try await status(server, "alice@example.com", token) == 200 {}
                let page = try await signIn("alice", Browser(places: [:]), at: peer, home: home)
                #expect(
                    page.status == 403 && page.text.contains("You are not in any of the groups"), "\(page)")
                let left = try await server.run(["token", "list"]).succeeded()
                #expect(!left.output.contains("laptop"), "\(left)")
                #expect(server.log.contains("a person has left and loses every token"))
            }
        }
    }

    private func pushAndPull(_ server: Homeport, _ token: String) async throws {
        let tools = try ContainerTools()
        let login = ["login", "--tls-verify=false", "-u", "alice@example.com", "-p", token, server.address]
        try await tools.skopeo(login).succeeded()
        let layout = try OCILayout()
        var archive = TarArchive()
        archive.add("a", randomBytes(2000))
        let source = try layout.tag(layout.addImage(layers: [archive.finished]), "one")
        for (name, isAllowed) in [("dev/app", true), ("ops/deep/app", true), ("guests/app", false)] {
            let image = "docker://\(server.address)/\(name):v1"
            let pushed = try await tools.skopeo("copy", "--dest-tls-verify=false", source, image)
            #expect((pushed.status == 0) == isAllowed, "\(name): \(pushed)")
            guard isAllowed else { continue }
            try await tools.skopeo("inspect", "--tls-verify=false", image).succeeded()
        }
    }

    private func revoke(
        _ name: String, _ token: String, _ browser: Browser, _ server: Homeport, _ home: String
    ) async throws {
        #expect(try await status(server, "alice@example.com", token) == 200)
        let page = try await browser.get(home + "/signin")
        let mark = try #require(page.value(after: #"name="mark" value=""#))
        let id = String(token.split(separator: "_")[1])
        #expect(page.text.contains(id) && !page.text.contains(token), "a token is shown once")
        for (fields, from) in [
            ([("id", id)], nil), ([("id", id), ("mark", "x")], nil),
            ([("id", id), ("mark", mark)], "https://evil.example/"),
        ] {
            let refused = try await browser.post(home + "/signin/tokens/revoke", fields, from: from)
            #expect(refused.status == 403 || refused.status == 400, "\(refused)")
        }
        #expect(try await status(server, "alice@example.com", token) == 200, "no other page revokes it")
        let after = try await browser.post(home + "/signin/tokens/revoke", [("id", id), ("mark", mark)])
        #expect(after.status == 200 && !after.text.contains(id))
        #expect(try await status(server, "alice@example.com", token) == 401)
    }

    private func isWrittenDown(_ server: Homeport, _ tokens: [String]) async throws {
        #expect(try await server.nobody.get("/readyz").text == "ready\n")
        let numbers = try await server.nobody.get("/metrics").text
        let lines = numbers.split(separator: "\n").filter { $0.contains("homeport_browser") }
        #expect(
            lines.contains { $0.hasPrefix("homeport_browser_people") && $0.hasSuffix(" 1.0") }, "\(lines)")
        #expect(lines.contains { $0.contains("signed_in") && $0.hasSuffix(" 1") }, "\(lines)")
        let check = try await server.run(["check"])
        #expect((check.output + check.errors).contains("The provider staff can be asked."), "\(check)")
        while try await !server.run(["audit"]).output.contains("browser, staff") {}
        let trail = try await server.run(["audit"]).output
        #expect(trail.contains("token-make") && trail.contains("token-revoke"), "\(trail)")
        for secret in tokens + [IdentityPeer.clientSecret, "code=", "homeport-ticket"] {
            #expect(!server.log.contains(secret) && !trail.contains(secret), "\(secret) is written down")
        }
    }

    @Test func aProviderThatIsAwayIsMissedAfterTheGrace() async throws {
        let folder = try TemporaryFolder()
        let (settings, token, port) = try await withIdentityPeer(
            "openid_provider.py", redirect: Self.redirect, in: folder
        ) { peer in
            let settings = try Self.settings(peer.address + "/o", folder, "      grace_time: 2s")
            return try await withHomeport(in: folder, settings: settings) { server in
                let browser = browser(server)
                _ = try await signIn("alice", browser, at: peer)
                let token = try await makeToken("laptop", browser)
                return (settings, token, peer.port)
            }
        }
        // Nobody is there now.
        try await withHomeport(in: folder, settings: settings) { server in
            while try await status(server, "alice@example.com", token) != 401 {}
            let page = try await browser(server).get(Self.home + "/signin/staff")
            #expect(page.status == 503, "\(page)")
            let ready = try await server.nobody.get("/readyz")
            #expect(ready.status == 200 && ready.text.contains("sign-in staff: its "), "\(ready)")
            #expect(server.log.contains("a provider cannot be asked"))
            let check = try await server.run(["check"])
            #expect(
                (check.output + check.errors).contains("The provider staff cannot be asked: "), "\(check)")
            try await withIdentityPeer(
                "openid_provider.py", redirect: Self.redirect, in: folder, port: port
            ) { peer in
                // No hammering: whoever fails too often waits.
                while try await server.nobody.get("/readyz").text.contains("sign-in staff") {}
                while try await status(server, "alice@example.com", token) != 200 {}
                // What was granted is ended there: whoever it was comes first.
                _ = try await Browser(places: [:]).get(peer.address + "/control/forget/alice")
                while !server.log.contains("a person has to sign in anew") {}
                while try await status(server, "alice@example.com", token) != 401 {}
                let page = try await signIn("alice", browser(server), at: peer)
                #expect(page.status == 200, "\(page)")
                #expect(try await status(server, "alice@example.com", token) == 200)
            }
        }
    }

    @Test func noLinkSignsAnybodyInOrLeadsAnywhere() async throws {
        let folder = try TemporaryFolder()
        try await withIdentityPeer("openid_provider.py", redirect: Self.redirect, in: folder) { peer in
            try await withHomeport(settings: try Self.settings(peer.address + "/o", folder)) { server in
                // An attacker signs in, and stops before the browser is back.
                let attacker = browser(server)
                let form = try await attacker.get(Self.home + "/signin/staff")
                let back = try await attacker.post(
                    form.url, [("username", "alice"), ("password", "alice")], following: false)
                let grant = try await attacker.get(
                    peer.address + (back.header("Location") ?? ""), following: false)
                let link = try #require(grant.header("Location"))
                #expect(link.hasPrefix(Self.redirect + "?"), "\(link)")

                let victim = browser(server)
                let lured = try await victim.get(link)
                #expect(
                    lured.status == 400 && victim.cookies(of: Self.home)["__Host-homeport-session"] == nil)
                _ = try await victim.get(Self.home + "/signin/staff")
                #expect(try await victim.get(link).status == 400, "nor when the victim is on the way")
                #expect(try await attacker.get(link).status == 200)
                #expect(try await attacker.get(link).status != 200, "a link is good once")

                for query in [
                    "?next=https://evil.example", "?redirect_uri=https://evil.example/",
                    "?url=//evil.example",
                ] {
                    for path in [
                        "/signin", "/signin/staff", "/signin/staff/callback", "/signin/session/leave",
                    ] {
                        let page = try await victim.get(Self.home + path + query, following: false)
                        let goal = page.header("Location") ?? peer.address + "/o/authorize/?"
                        #expect(goal.hasPrefix(peer.address + "/o/authorize/?"), "\(path)\(query): \(goal)")
                        #expect(!goal.contains("evil") && !page.text.contains("evil"))
                    }
                }
                let mark = try #require(
                    try await attacker.get(Self.home + "/signin").value(after: #"name="mark" value=""#))
                victim.set(
                    "__Host-homeport-session", to: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                    at: Self.home)
                let made = try await victim.post(
                    Self.home + "/signin/tokens/make",
                    [("mark", mark), ("name", "x"), ("days", "1"), ("reach", "all")])
                #expect(!made.text.contains("hp_"))
            }
        }
    }
}

/// The pages as Chromium shows them, with and without scripts.
@Suite(.serialized, .timeLimit(.minutes(3))) struct SignInPageTests {
    @Test func aPersonDoesEverythingWithoutAScript() async throws {
        let folder = try TemporaryFolder()
        let shots = ProcessInfo.processInfo.environment["HOMEPORT_SCREENSHOTS"] ?? folder.path
        let port = try freePorts(1)[0]
        let home = "http://127.0.0.1:\(port)"
        let redirect = home + "/signin/staff/callback"
        try await withIdentityPeer("openid_provider.py", redirect: redirect, in: folder) { peer in
            let settings = try BrowserSignInTests.settings(peer.address + "/o", folder, home: home)
            try await withHomeport(
                settings: settings, arguments: ["--listen", "127.0.0.1:\(port)"]
            ) { server in
                let run = try await PythonPeers.run(
                    "sign_in_pages.py", [home, "alice", shots], limitInSeconds: 120,
                    environment: ["HOME": folder.path]
                ).succeeded()
                let token = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(token.hasPrefix("hp_"))
                let caller = server.caller("alice@example.com", token)
                #expect(try await caller.get("/token?service=homeport").status == 401, "it was revoked")
            }
        }
    }
}
