import Contracts
import Foundation
import Harness
import Testing

/// People of GitHub and GitLab, whose doubles answer in the documented shapes.
@Suite(.serialized, .timeLimit(.minutes(3))) struct CodeHostTests {
    private static let home = "https://registry.example"
    private static let redirect = home + "/signin/host/callback"

    private func settings(_ provider: String, _ folder: TemporaryFolder) throws -> String {
        let file = folder.path + "/client.secret"
        try (IdentityPeer.clientSecret + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        return """
            public_url: \(Self.home)
            accounts:
              providers:
                - name: host
                  client_id: \(IdentityPeer.clientID)
                  client_secret_file: \(file)
                  recheck_time: 1s
            \(provider)
            """
    }

    private func signIn(_ server: Homeport) async throws -> (Browser, Browser.Page) {
        let browser = Browser(places: [Self.home: "http://\(server.address)"])
        return (browser, try await browser.get(Self.home + "/signin/host"))
    }

    private func token(_ server: Homeport) async throws -> String {
        let (browser, page) = try await signIn(server)
        let mark = try #require(page.value(after: #"name="mark" value=""#), "\(page)")
        let made = try await browser.post(
            Self.home + "/signin/tokens/make",
            [("mark", mark), ("name", "laptop"), ("days", "30"), ("reach", "all")])
        return try #require(made.value(after: #"readonly value=""#), "\(made)")
    }

    private func control(_ peer: IdentityPeer, _ word: String) async throws {
        let answer = try await Browser(places: [:]).get(peer.address + "/control/" + word)
        #expect(answer.status == 200)
    }

    private func status(_ server: Homeport, _ token: String) async throws -> Int {
        try await server.caller("mona", token).get("/token?service=homeport").status
    }

    private func mayPull(_ server: Homeport, _ token: String, _ name: String) async throws -> Bool {
        let answer = try await server.caller("mona", token).get(
            "/token?service=homeport&scope=repository:\(name):pull")
        let bearer = try #require(answer.object["token"] as? String, "\(answer)")
        let caller = RegistryCaller(address: server.address, credentials: .bearer(bearer))
        // Nothing is there: who may pull learns that.
        return try await caller.get("/v2/\(name)/tags/list").status == 404
    }

    @Test func membersOfAnOrganizationAndItsTeams() async throws {
        let folder = try TemporaryFolder()
        try await withIdentityPeer("code_hosts.py", redirect: Self.redirect, in: folder) { peer in
            let lines = """
                      kind: github
                      url: \(peer.address)
                      organization: octo
                """
            try await withHomeport(settings: try settings(lines, folder)) { server in
                try await server.addRule(61, "--name", "${labels:teams}/**", actions: "pull")
                let token = try await token(server)
                for (name, isTheirs) in [
                    ("web/a", true), ("core/a", true), ("team-98/a", true), ("evil/a", false),
                ] {
                    #expect(try await mayPull(server, token, name) == isTheirs, "\(name)")
                }
                try await control(peer, "limited")
                while !server.log.contains("a provider cannot be asked") {}
                #expect(try await status(server, token) == 200, "too many questions are nobody's leaving")
                try await control(peer, "leave")
                while try await status(server, token) == 200 {}
                let (_, refused) = try await signIn(server)
                #expect(refused.status == 403, "\(refused)")
                #expect(refused.text.contains("You are not a member of the organization octo"), "\(refused)")
                try await control(peer, "pending")
                #expect(try await signIn(server).1.status == 403, "an invitation is no membership")
                try await control(peer, "fine")
                let again = try await self.token(server)
                #expect(try await status(server, token) == 401, "what was revoked stays so")
                try await control(peer, "suspended")
                while try await status(server, again) == 200 {}
                try await control(peer, "fine")
                #expect(try await status(server, again) == 401)
                #expect(try await signIn(server).1.status == 200)
                #expect(try await status(server, again) == 200, "what was suspended is good again")
            }
        }
    }

    @Test func membersOfGroups() async throws {
        let folder = try TemporaryFolder()
        try await withIdentityPeer("code_hosts.py", redirect: Self.redirect, in: folder) { peer in
            let lines = """
                      kind: gitlab
                      url: \(peer.address)/gitlab
                      groups: [acme/dev]
                """
            try await withHomeport(settings: try settings(lines, folder)) { server in
                try await server.addRule(61, "--name", "${labels:groups}/*", actions: "pull")
                let token = try await token(server)
                for (name, isTheirs) in [("acme/dev/a", true), ("acme/dev/web/a", true), ("acme/a", false)] {
                    #expect(try await mayPull(server, token, name) == isTheirs, "\(name)")
                }
                try await control(peer, "leave")
                while try await status(server, token) == 200 {}
                #expect(try await signIn(server).1.status == 403)
            }
        }
    }
}
