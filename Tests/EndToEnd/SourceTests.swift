import Contracts
import Foundation
import Harness
import Testing

/// People whom the configuration lists, or a program knows, at the real server.
@Suite(.timeLimit(.minutes(2))) struct SourceTests {
    private func hash(_ password: String) async throws -> String {
        let made = Command("/usr/bin/htpasswd", ["-nbB", "-C", "8", "x", password])
        let line = try await made.run().succeeded()
        return String(line.output.dropFirst(2)).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func settings(_ name: String, _ hash: String) -> String {
        let script =
            #"read -r q; case \"$q\" in *'\"erin\"'*) echo '{\"answer\":\"yes\",\"labels\":{\"team\":[\"blue\"]}}' ;; "#
            + #"*) echo '{\"answer\":\"unknown\"}' ;; esac"#
        return """
            accounts:
              refusal_time: 0s
              sources:
                - name: people
                  kind: static
                  users:
                    \(name): { password: "\(hash)", labels: { team: [red] } }
                - name: helper
                  kind: program
                  program: { command: sh, arguments: ["-c", "\(script)"], format: json }
            """
    }

    private func status(_ server: Homeport, _ name: String, _ password: String) async throws -> Int {
        try await server.caller(name, password).get("/token?service=homeport").status
    }

    @Test func listedPeopleAndThoseOfAProgramPushWhatTheirLabelsAllow() async throws {
        let hash = try await hash("open sesame")
        try await withHomeport(settings: settings("dora", hash)) { server in
            try await server.addRule(41, "--name", "${labels:team}/**", actions: "pull,push")
            for (name, team, other) in [("dora", "red", "blue"), ("erin", "blue", "red")] {
                let caller = server.caller(name, "open sesame")
                let answer = try await caller.get(
                    "/token?service=homeport&scope=repository:\(team)/a:pull,push")
                let token = try #require(answer.object["token"] as? String, "\(answer)")
                let bearer = RegistryCaller(address: server.address, credentials: .bearer(token))
                #expect(try await bearer.post("/v2/\(team)/a/blobs/uploads/").status == 202)
                #expect(try await caller.post("/v2/\(team)/a/blobs/uploads/").status == 202)
                #expect(try await caller.post("/v2/\(other)/a/blobs/uploads/").status != 202)
            }
            #expect(try await status(server, "dora", "wrong") == 401)
            #expect(try await status(server, "carl", "open sesame") == 401)
            #expect(try await server.nobody.get("/readyz").text == "ready\n")
            let numbers = try await server.nobody.get("/metrics").text
            let line = #"homeport_sign_in_source_answers_total{answer="signed_in",source="people"}"#
            let other = #"homeport_sign_in_source_answers_total{source="people",answer="signed_in"}"#
            #expect(numbers.contains(line) || numbers.contains(other))
            let said = try await server.run(["check"])
            #expect((said.output + said.errors).contains("The sign-in source people can be asked."))
        }
    }

    @Test func theListIsReadAnewWhenTheFileChanges() async throws {
        let hash = try await hash("open sesame")
        try await withHomeport(settings: settings("dora", hash)) { server in
            #expect(try await status(server, "dora", "open sesame") == 200)
            let file = server.folder.path + "/homeport.yaml"
            try settings("fred", hash).write(toFile: file, atomically: true, encoding: .utf8)
            while try await status(server, "fred", "open sesame") != 200 {}
            #expect(try await status(server, "dora", "open sesame") == 401)
        }
    }

    /// Somebody else's server, asked by the real one.
    @Test func aServerIsAskedOverHTTP() async throws {
        let folder = try TemporaryFolder()
        try (AnsweringPeer.secret + "\n").write(
            toFile: folder.path + "/secret", atomically: true, encoding: .utf8)
        try await withAnsweringPeer(in: folder) { (peer: AnsweringPeer) async throws in
            let settings = """
                accounts:
                  refusal_time: 0s
                  password_cache_time: 1m
                  sources:
                    - name: who
                      kind: http
                      http: { url: "\(peer.address)/sign-in", secret_file: \(folder.path)/secret }
                """
            try await withHomeport(settings: settings) { (server: Homeport) async throws in
                try await server.addRule(41, "--name", "${labels:group}/**", actions: "pull,push")
                let alice = server.caller("alice", AnsweringPeer.password)
                #expect(try await alice.post("/v2/vip/a/blobs/uploads/").status == 202)
                #expect(try await alice.post("/v2/other/a/blobs/uploads/").status != 202)
                for _ in 0..<3 {
                    #expect(try await status(server, "alice", AnsweringPeer.password) == 200)
                }
                #expect(peer.asked.count == 1, "the password is believed for a while")
                #expect(try await status(server, "alice", "wrong") == 401)
                #expect(try await status(server, "bob", AnsweringPeer.password) == 401)
                #expect(try await status(server, "admin", AnsweringPeer.password) == 401)
                #expect(!peer.asked.contains { $0.contains("admin") }, "own accounts are asked for nowhere")
                let said = try await server.run(["check"])
                #expect((said.output + said.errors).contains("The sign-in source who can be asked."))
                #expect(!(said.output + said.errors + server.log).contains(AnsweringPeer.secret))
                try await peer.process.signal("KILL")
                await peer.process.ended()
                let away = try await server.caller("carl", "x").get("/token?service=homeport")
                #expect(away.status == 503 && away["Retry-After"] != nil, "\(away)")
                #expect(try await status(server, "alice", AnsweringPeer.password) == 200)
                while !(try await server.nobody.get("/readyz").text.contains("sign-in who: ")) {}
                let check = try await server.run(["check"])
                let words = "The sign-in source who cannot be asked: it cannot be "
                #expect((check.output + check.errors).contains(words))
            }
        }
    }
}
