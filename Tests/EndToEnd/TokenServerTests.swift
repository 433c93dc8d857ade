import Foundation
import Harness
import Testing

/// Tokens as clients ask for them, from the real program.
@Suite(.timeLimit(.minutes(2))) struct TokenServerTests {
    @Test(arguments: ["/auth", "/auth/token", "/token"])
    func aTokenOpensWhatItWasAskedFor(_ path: String) async throws {
        try await withHomeport { server in
            let answer = try await server.admin.get(
                "\(path)?account=admin&service=homeport&scope=repository:demo/one:pull,push")
            #expect(answer.status == 200, "\(answer)")
            #expect(answer["Cache-Control"]?.contains("no-store") == true)
            #expect(answer.object["expires_in"] as? Int == 900)
            let token = try #require(answer.object["token"] as? String)
            #expect(answer.object["access_token"] as? String == token)
            let bearer = RegistryCaller(address: server.address, credentials: .bearer(token))
            #expect(try await bearer.post("/v2/demo/one/blobs/uploads/").status == 202)
            let elsewhere = try await bearer.post("/v2/demo/two/blobs/uploads/")
            #expect(elsewhere.status == 401, "it may more than its token: \(elsewhere)")
            #expect(elsewhere["WWW-Authenticate"]?.contains("repository:demo/two:pull,push") == true)
        }
    }

    @Test func aRefreshTokenIsAsGoodAsThePasswordUntilItIsRevoked() async throws {
        try await withHomeport { server in
            try await server.addAccount("dora", password: "dora's")
            let form =
                "grant_type=password&username=dora&password=dora%27s&service=homeport&client_id=test"
                + "&access_type=offline&scope=repository%3Adora%2Fa%3Apull%2Cpush"
            let type = [("Content-Type", "application/x-www-form-urlencoded")]
            let first = try await server.nobody.post("/auth/token", headers: type, body: Array(form.utf8))
            #expect(first.status == 200, "\(first)")
            let refresh = try #require(first.object["refresh_token"] as? String)
            let again = Array(
                ("grant_type=refresh_token&refresh_token=\(refresh)&service=homeport&client_id=test"
                    + "&scope=repository%3Adora%2Fa%3Apull").utf8)
            let second = try await server.nobody.post("/auth/token", headers: type, body: again)
            #expect(second.status == 200, "\(second)")
            #expect(second.object["scope"] as? String == "repository:dora/a:pull")

            let list = try await server.command("token", "list", "dora", "--refresh", "--json")
            let tokens = try JSONSerialization.jsonObject(with: Data(list.output.utf8)) as? [[String: Any]]
            let id = try #require(tokens?.first?["id"] as? String)
            try await server.command("token", "revoke", "--id", id)
            let third = try await server.nobody.post("/auth/token", headers: type, body: again)
            #expect((400...401).contains(third.status), "\(third)")
        }
    }

    @Test func aTokenThatWasIssuedCountsOnlyAsLongAsItsAccountAndItsRules() async throws {
        try await withHomeport { server in
            let carol = try await server.addAccount("carol")
            let answer = try await carol.get("/token?service=homeport&scope=repository:carol/a:pull,push")
            let token = try #require(answer.object["token"] as? String)
            let bearer = RegistryCaller(address: server.address, credentials: .bearer(token))
            func status() async throws -> Int {
                try await bearer.post("/v2/carol/a/blobs/uploads/").status
            }
            #expect(try await status() == 202)
            try await server.command("account", "disable", "carol")
            #expect(try await status() == 401)
            try await server.command("account", "enable", "carol")
            #expect(try await status() == 202)
            try await server.command("account", "set", "carol", "--expires", "2020-01-01")
            #expect(try await status() == 401)
            try await server.command("account", "set", "carol", "--expires", "never")
            try await server.command("acl", "remove", "--yes", "1000")
            #expect([401, 403].contains(try await status()))
            try await server.addRule(30, "--account", "carol", actions: "*")
            #expect(try await status() == 202)
            try await server.command("account", "remove", "--yes", "carol")
            #expect(try await status() == 401)
        }
    }

    @Test func whatIsGrantedIsASubsetAndNeverAnError() async throws {
        try await withHomeport { server in
            let erin = try await server.addAccount("erin")
            let answer = try await erin.get(
                "/token?service=homeport&scope=repository:erin/a:pull,push&scope=repository:other:pull")
            #expect(answer.status == 200)
            #expect(answer.object["scope"] as? String == "repository:erin/a:pull,push", "\(answer)")
            let nothing = try await erin.get("/token?service=homeport&scope=repository:other:pull")
            #expect(nothing.status == 200 && nothing.object["token"] is String, "\(nothing)")
        }
    }

    @Test func guessingIsSlowedDownAndLogged() async throws {
        try await withHomeport { server in
            try await server.addAccount("frank", password: "right")
            let guess = server.caller("frank", "wrong")
            var statuses: [Int] = []
            for _ in 0..<40 {
                statuses.append(try await guess.get("/token?service=homeport").status)
                if statuses.last == 429 { break }
            }
            #expect(statuses.first == 401)
            #expect(statuses.last == 429, "\(statuses)")
            let refused = try await guess.get("/token?service=homeport")
            #expect(refused["Retry-After"].flatMap { Int($0) } ?? 0 > 0, "\(refused)")
            let lines = server.log.split(separator: "\n").filter { $0.contains("127.0.0.1") }
            #expect(lines.contains { $0.contains("frank") }, "a failure is a line with the address")
            #expect(!server.log.contains("wrong\""), "and never with the password")
        }
    }

    @Test func theKeysAreServedForOtherRegistries() async throws {
        try await withHomeport { server in
            // A key can stand there under more than one identifier, for registries of different ages.
            func points() async throws -> Set<String> {
                let answer = try await server.nobody.get("/.well-known/jwks.json")
                #expect(answer.status == 200, "\(answer)")
                let keys = answer.object["keys"] as? [[String: Any]] ?? []
                #expect(keys.allSatisfy { $0["d"] == nil }, "the private part stays")
                return Set(keys.compactMap { $0["x"] as? String })
            }
            #expect(try await points().count == 1)
            try await server.command("key", "rotate")
            #expect(try await points().count == 2)
        }
    }
}
