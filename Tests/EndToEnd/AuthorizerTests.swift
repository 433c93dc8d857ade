import Contracts
import Foundation
import Harness
import Testing

/// Programs and servers that decide where no rule does, asked by the real server.
@Suite(.timeLimit(.minutes(2))) struct AuthorizerTests {
    @Test func theyDecideWhereNoRuleDoes() async throws {
        let folder = try TemporaryFolder()
        try (AnsweringPeer.secret + "\n").write(
            toFile: folder.path + "/secret", atomically: true, encoding: .utf8)
        try await withAnsweringPeer(in: folder) { (peer: AnsweringPeer) async throws in
            let script = #"case \"$(cat)\" in *'\"Name\":\"shell/a\"'*) exit 0 ;; *) exit 1 ;; esac"#
            let settings = """
                accounts:
                  authorizers:
                    - name: rights
                      kind: http
                      cache_time: 1h
                      http: { url: "\(peer.address)/decide", secret_file: \(folder.path)/secret }
                    - name: script
                      kind: program
                      program: { command: sh, arguments: ["-c", "\(script)"] }
                """
            try await withHomeport(settings: settings) { (server: Homeport) async throws in
                let dora = try await server.addAccount("dora")
                func begins(_ name: String) async throws -> Int {
                    try await dora.post("/v2/\(name)/blobs/uploads/").status
                }
                #expect(try await begins("open/a") == 202)
                let asked = peer.asked.count
                #expect(try await begins("open/a") == 202)
                #expect(peer.asked.count == asked, "it is remembered")
                #expect(try await begins("half/a") == 403)
                #expect(try await begins("shut/a") == 403)
                let scopes = ["half/a", "dora/a"].map { "&scope=repository:\($0):pull,push" }.joined()
                let answer = try await dora.get("/token?service=homeport" + scopes)
                #expect(answer.status == 200, "\(answer)")
                try await self.explains(server)
                try await peer.process.signal("KILL")
                await peer.process.ended()
                let away = try await dora.post("/v2/open/b/blobs/uploads/")
                #expect(away.status == 503 && away["Retry-After"] != nil, "\(away)")
                #expect(try await begins("open/a") == 202, "what was said goes on for `cache_time`")
                #expect(try await begins("dora/a") == 202, "rules go on")
                while !(try await server.nobody.get("/readyz").text.contains("authorizer rights: ")) {}
                let check = try await server.run(["check"])
                let said = check.output + check.errors
                #expect(said.contains("The authorizer rights cannot be asked: it cannot be "), "\(said)")
                #expect(said.contains("The authorizer script can be asked."), "\(said)")
                let numbers = try await server.nobody.get("/metrics").text
                #expect(numbers.contains("homeport_authorizer_answers_total"))
            }
        }
    }

    /// `homeport acl explain` asks them as the server does.
    private func explains(_ server: Homeport) async throws {
        for (scope, words) in [
            ("repository:half/a:pull,push", "The authorizer rights grants pull."),
            ("repository:shut/a:pull", "The authorizer rights grants nothing."),
            ("repository:other/a:pull", "The authorizer script grants nothing."),
        ] {
            let said = try await server.run(["acl", "explain", "dora", scope]).succeeded()
            #expect(said.output.contains(words), "\(said)")
        }
        let ruled = try await server.run(["acl", "explain", "dora", "repository:dora/a:pull"]).succeeded()
        #expect(!ruled.output.contains("authorizer"), "\(ruled)")
        let table = "dora repository:half/a:pull,push pull\ndora repository:shut/a:pull -\n"
        try await server.run(["acl", "test", "-"], input: table).succeeded()
    }
}
