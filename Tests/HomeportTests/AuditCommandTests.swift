import Contracts
import Foundation
import Harness
import Testing

/// The trail, as an auditor asks it beside a running server.
@Suite(.timeLimit(.minutes(5))) struct AuditCommandTests {
    /// The entries as the program prints them, the newest first.
    private func entries(_ server: Homeport, _ arguments: String...) async throws -> [[String: Any]] {
        let printed = try await server.run(["audit", "--json"] + arguments).succeeded().output
        return try #require(try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [[String: Any]])
    }

    private func pushImage(_ name: String, _ tag: String, as caller: RegistryCaller) async throws -> Answer {
        let digest = sha256(Array("{}".utf8))
        _ = try await caller.post("/v2/\(name)/blobs/uploads/?digest=\(digest)", body: Array("{}".utf8))
        let manifest = """
            {"schemaVersion":2,"mediaType":"\(OCILayout.imageType)","config":{"mediaType":\
            "\(OCILayout.configType)","digest":"\(digest)","size":2},"layers":[]}
            """
        return try await caller.put(
            "/v2/\(name)/manifests/\(tag)", headers: [("Content-Type", OCILayout.imageType)],
            body: Array(manifest.utf8))
    }

    @Test func itTellsWhoDidWhatFromWhere() async throws {
        try await withHomeport { server in
            let alice = try await server.addAccount("alice", password: "hunter2 hunter2")
            let push = try await pushImage("alice/app", "v1", as: alice)
            #expect(push.status == 201, "\(push)")
            #expect(try await pushImage("shop/app", "v1", as: alice).status == 403)
            for _ in 0..<3 { _ = try await alice.get("/v2/alice/app/manifests/v1") }
            #expect(try await server.caller("alice", "wrong").get("/v2/").status == 401)
            _ = try await alice.delete("/v2/alice/app/manifests/v1")

            // What waits in memory is written every second.
            var pulls: [[String: Any]] = []
            while pulls.isEmpty { pulls = try await entries(server, "--action", "pull") }
            let count = pulls.compactMap { $0["count"] as? Int }.reduce(0, +)
            #expect(count >= 1 && count <= 3)
            #expect(pulls[0]["account"] as? String == "alice")
            #expect((pulls[0]["detail"] as? String)?.hasPrefix("v1 at sha256:") == true)

            let pushes = try await entries(server, "--repository", "alice/app", "--action", "push")
            #expect(pushes.count == 1)
            #expect(pushes[0]["address"] as? String == "127.0.0.1")
            #expect(pushes[0]["request"] as? String == push["X-Request-Id"])
            #expect(pushes[0]["outcome"] as? String == "done")
            let changes = try await entries(server, "--action", "account-add")
            #expect(changes.map { $0["subject"] as? String } == ["alice", "admin"])
            #expect(changes.allSatisfy { $0["origin"] as? String == "command" })
            #expect(changes.allSatisfy { ($0["account"] as? String)?.isEmpty == false })

            var refused: [[String: Any]] = []
            while refused.isEmpty { refused = try await entries(server, "--subject", "shop/app") }
            #expect(refused[0]["outcome"] as? String == "refused")
            var failed: [[String: Any]] = []
            while failed.isEmpty {
                failed = try await entries(server, "--account", "alice", "--action", "sign-in")
                    .filter { $0["outcome"] as? String == "failed" }
            }
            let all = try await server.command("audit", "--limit", "1000").output
            #expect(all.contains("delete") && all.contains("sign-in failed"), "\(all)")
            #expect(!all.contains("hunter2") && !all.contains("wrong"), "\(all)")
            #expect(try await entries(server, "--limit", "2").count == 2)
            #expect(try await entries(server, "--until", "2020-01-01").isEmpty)
        }
    }

    @Test func whatSomebodyCallsThemselvesIsOnlyText() async throws {
        try await withHomeport { server in
            let name = "eve\u{1B}[2J\u{202E}"
            #expect(try await server.caller(name, "x").get("/v2/").status == 401)
            var table = ""
            while !table.contains("eve") {
                table = try await server.command("audit", "--action", "sign-in").output
            }
            #expect(table.contains(#"eve\u{1b}[2J\u{202e}"#), "\(table)")
            #expect(!table.contains("\u{1B}") && !table.contains("\u{202E}"))
        }
    }

    @Test func whatIsNotAskedForIsNotRecorded() async throws {
        try await withHomeport(settings: "audit: {events: [changes]}\n") { server in
            #expect(try await pushImage("app", "v1", as: server.admin).status == 201)
            try await server.addAccount("bob")
            let actions = try await entries(server).compactMap { $0["action"] as? String }
            #expect(actions.first == "account-add" && !actions.contains("push"), "\(actions)")
        }
    }

    @Test func theTrailSurvivesAKill() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport(in: folder) { server in
            #expect(try await pushImage("app", "v1", as: server.admin).status == 201)
            try await server.kill()
        }
        try await withHomeport(in: folder) { server in
            let pushes = try await entries(server, "--repository", "app", "--action", "push")
            #expect(pushes.count == 1)
        }
    }

    @Test func whatIsAskedWrongIsSaid() async throws {
        let wrong = try await homeport(["audit", "--action", "pul"])
        #expect(wrong.status == 2 && wrong.errors.contains("did you mean `pull`?"), "\(wrong)")
        #expect(try await homeport(["audit", "--limit", "0"]).status == 2)
        #expect(try await homeport(["audit", "--since", "yesterday"]).status == 2)
        #expect(try await homeport(["audit", "--subject", "a", "--repository", "b"]).status == 2)
    }
}
