import Contracts
import Foundation
import Harness
import Testing

/// The configuration read again while clients are served.
@Suite(.timeLimit(.minutes(8)), .serialized) struct ReloadTests {
    /// Clients of every kind, and somebody who changes nearly everything twenty times.
    @Test func noRequestFailsWhileTheConfigurationIsReplaced() async throws {
        let folder = try TemporaryFolder()
        let ended = try await PythonPeers.run(
            "reload_load.py", [try homeportPath(), folder.path, "20"], limitInSeconds: 400)
        #expect(ended.status == 0, "\(ended)")
        print(ended.output)
    }

    private func configure(_ server: Homeport, _ text: String) throws {
        try text.write(toFile: server.folder.path + "/homeport.yaml", atomically: true, encoding: .utf8)
    }

    private func reload(_ server: Homeport, _ text: String) async throws -> String {
        try configure(server, text)
        return try await server.run(["reload"]).succeeded().errors
    }

    @Test func whatHasChangedCountsAtOnce() async throws {
        let before = "accounts: {password_cache_time: 0s}\n"
        try await withHomeport(settings: before) { server in
            let digest = sha256([1, 2, 3])
            func push(_ repository: String) async throws -> Int {
                try await server.admin.post(
                    "/v2/\(repository)/blobs/uploads/?digest=\(digest)", body: [1, 2, 3]
                ).status
            }
            #expect(try await push("team/one") == 201)
            let said = try await reload(
                server,
                """
                hosts: {auth: [auth.example]}
                registry: {quotas: [{name: "team/**", bytes: 2}]}
                headers: {content_security_policy: "default-src 'self'"}
                limits: {requests_per_address_max: 6}
                bans: {allow: []}
                log: {level: debug, format: json}

                """)
            #expect(said == "The server has taken its configuration.\n", "\(said)")
            #expect(try await push("team/two") != 201)
            #expect(try await push("other/two") == 201)
            let challenge = try await server.nobody.get("/v2/")["WWW-Authenticate"] ?? ""
            #expect(challenge.contains("auth.example"), "\(challenge)")
            #expect(server.log.contains(#""message":"the configuration has been taken""#), "\(server.log)")
            var last = 0
            for _ in 0..<8 { last = try await server.nobody.get("/v2/").status }
            #expect(last == 429)
            // And back again.
            _ = try await reload(server, before)
            #expect(try await push("team/three") == 201)
            #expect(try await server.nobody.get("/auth/token?service=homeport").status != 404)
        }
    }

    @Test func whatCannotChangeWaitsForARestartAndIsSaid() async throws {
        try await withHomeport(settings: "socket_mode: 0660\n") { server in
            let said = try await reload(
                server, "socket_mode: 0600\nmongodb: {hosts: [\"127.0.0.1:9\"]}\nlog: {level: warning}\n")
            #expect(said.contains("socket_mode counts after a restart."), "\(said)")
            #expect(said.contains("mongodb counts after a restart."), "\(said)")
            #expect(
                server.log.contains("homeport.yaml:1: socket_mode: counts after a restart"), "\(server.log)")
            #expect(try await server.admin.get("/v2/").status == 200)
            // What is right by itself and cannot be taken beside what stays.
            try configure(
                server, "tls: {listen: [\"127.0.0.1:0\"], certificates: []}\nacme: {names: [a.example]}\n")
            let refused = try await server.run(["reload"])
            #expect(refused.status == 2 && refused.errors.contains("restart the server"), "\(refused)")
            #expect(refused.errors.contains("from before"))
        }
    }

    @Test func withoutAServerItSaysSo() async throws {
        let folder = try TemporaryFolder()
        let alone = try await homeport(["reload"], data: folder.path + "/data")
        #expect(alone.status == 3 && alone.errors.contains("no server serves the data"), "\(alone)")
    }
}
