import Contracts
import Foundation
import Harness
import Testing

/// Addresses that nobody is served at, by the real program.
@Suite(.timeLimit(.minutes(3))) struct BanTests {
    /// This machine speaks for whoever a test wants to come.
    private static let settings = """
        proxies: {trusted: ["127.0.0.1"]}
        bans: {failures: 4, allow: ["192.0.2.0/24"]}

        """

    private func from(_ address: String) -> [(String, String)] { [("X-Forwarded-For", address)] }

    private func fail(_ count: Int, at server: Homeport, from address: String) async throws -> [Int] {
        var statuses: [Int] = []
        for number in 0..<count {
            let guesser = server.caller("admin\(number)", "wrong")
            statuses.append(try await guesser.get("/auth/token", headers: from(address)).status)
        }
        return statuses
    }

    @Test func whoFailsTooOftenIsBannedAndStaysItAfterARestart() async throws {
        let folder = try TemporaryFolder()
        try await withHomeport(in: folder, settings: Self.settings) { server in
            #expect(try await fail(5, at: server, from: "203.0.113.9") == [401, 401, 401, 401, 403])
            let banned = try await server.admin.get("/v2/", headers: from("203.0.113.9"))
            #expect(banned.status == 403 && banned.errorCodes == ["DENIED"], "\(banned)")
            #expect(banned.text.contains("Nobody is served at this address until"), "\(banned)")
            #expect(try await server.admin.get("/v2/", headers: from("203.0.113.10")).status == 200)
            #expect(
                try await fail(6, at: server, from: "192.0.2.7").last == 401, "the allowed are never banned")
            #expect(try await server.admin.get("/v2/").status == 200, "nor is the proxy")
            // One customer's IPv6 network is one address.
            for number in 1...4 { _ = try await fail(1, at: server, from: "2001:db8:1:2::\(number)") }
            #expect(try await server.admin.get("/v2/", headers: from("2001:db8:1:2:ff::1")).status == 403)
            #expect(try await server.nobody.get("/healthz", headers: from("203.0.113.9")).status == 200)
            let numbers = try await server.nobody.get("/metrics").text
            #expect(numbers.contains("homeport_bans 2") && numbers.contains("homeport_bans_made_total 2"))
            #expect(numbers.contains(#"homeport_requests_refused_total{reason="banned"} 3"#), "\(numbers)")
        }
        try await withHomeport(in: folder, settings: Self.settings) { server in
            #expect(try await server.admin.get("/v2/", headers: from("203.0.113.9")).status == 403)
            let list = try await server.command("ban", "list").output
            #expect(list.contains("203.0.113.9 ") && list.contains("2001:db8:1:2::/64 "), "\(list)")
            #expect(list.contains("4 failed sign-ins"))
            // Beside the running server.
            try await server.command("ban", "remove", "203.0.113.9")
            #expect(try await server.admin.get("/v2/", headers: from("203.0.113.9")).status == 200)
            let trail = try await server.command("audit", "--action", "ban-add").output
            #expect(trail.contains("203.0.113.9") && trail.contains("4 failed sign-ins"), "\(trail)")
            #expect(
                try await server.command("audit", "--action", "ban-remove").output.contains("203.0.113.9"))
        }
    }

    @Test func anOperatorBansBesideARunningServer() async throws {
        try await withHomeport(settings: Self.settings) { server in
            #expect(try await server.admin.get("/v2/", headers: from("198.51.100.77")).status == 200)
            try await server.command("ban", "add", "198.51.100.0/24", "--until", "2h", "--reason", "scans")
            #expect(try await server.admin.get("/v2/", headers: from("198.51.100.77")).status == 403)
            #expect(try await server.admin.get("/", headers: from("198.51.100.77")).text.contains("Nobody"))
            let list = try await server.command("ban", "list", "--json").output
            #expect(list.contains(#""reason":"scans""#) || list.contains(#""reason" : "scans""#), "\(list)")
            let inside = try await server.run(["ban", "remove", "198.51.100.77"])
            #expect(inside.status == 1 && inside.errors.contains("198.51.100.0/24"), "\(inside)")
            #expect(try await server.run(["ban", "remove", "203.0.113.1"]).status == 1)
            let allowed = try await server.run(["ban", "add", "192.0.2.9"])
            #expect(allowed.status == 1 && allowed.errors.contains("192.0.2.0/24"), "\(allowed)")
            let wide = try await server.run(["ban", "add", "0.0.0.0/0"])
            #expect(wide.status == 2 && wide.errors.contains("--yes"), "\(wide)")
            #expect(try await server.run(["ban", "add", "somewhere"]).status == 2)
            #expect(try await server.run(["ban", "add", "203.0.113.1", "--until", "2020-01-01"]).status == 2)
        }
    }

    @Test func aBannedConnectionIsAnsweredBeforeItAsks() async throws {
        try await withHomeport(settings: "bans: {allow: []}\n") { server in
            try await server.command("ban", "add", "127.0.0.1", "--until", "5m")
            // The first request learns of it, the next connection is not waited for.
            #expect(try await server.nobody.get("/v2/").status == 403)
            let answer = try await RawConnection(port: server.port).readAnswer()
            #expect(answer.head.hasPrefix("HTTP/1.1 403"), "\(answer.head)")
            #expect(String(decoding: answer.body, as: UTF8.self).contains("Nobody is served"))
            try await server.command("ban", "remove", "127.0.0.1")
        }
    }

    @Test func whoAsksTooMuchIsToldWhenToComeAgain() async throws {
        let settings = """
            proxies: {trusted: ["127.0.0.1"]}
            limits: {requests_per_address_max: 5, requests_per_account_max: 3}

            """
        try await withHomeport(settings: settings) { server in
            for _ in 0..<5 {
                #expect(try await server.nobody.get("/v2/", headers: from("203.0.113.9")).status == 401)
            }
            let refused = try await server.nobody.get("/v2/", headers: from("203.0.113.9"))
            #expect(refused.status == 429 && refused.errorCodes == ["TOOMANYREQUESTS"], "\(refused)")
            let wait = try #require(refused["Retry-After"].flatMap { Int($0) })
            #expect((1...12).contains(wait))
            // An account is counted wherever it comes from.
            for number in 1...3 {
                #expect(
                    try await server.admin.get("/v2/", headers: from("198.51.100.\(number)")).status == 200)
            }
            for path in ["/v2/", "/auth/token"] {
                let refused = try await server.admin.get(path, headers: from("198.51.100.9"))
                #expect(refused.status == 429 && refused.errorCodes == ["TOOMANYREQUESTS"], "\(refused)")
                #expect(refused["Retry-After"] != nil && refused.text.contains("this account"), "\(refused)")
            }
        }
    }

    @Test func aTokenServerAloneBansTooWhenItIsTold() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        let text = DockerAuthTests.example.replacing(
            #"addr: "127.0.0.1:0""#, with: #"addr: "127.0.0.1:0", real_ip_header: X-Real-IP"#
        ).replacing(
            "server:\n  addr: \"127.0.0.1:0\", real", with: "server:\n  addr: \"127.0.0.1:0\"\n  real")
        let limits = ["--ban-after", "3", "--data", folder.path + "/data", "--trusted-proxy", "127.0.0.1"]
        for round in 1...2 {
            try await withTokenServer(text, in: folder, arguments: limits) { tokens in
                if round == 1 {
                    for _ in 1...3 {
                        let answer = try await tokens.caller("test", "no").get(
                            "/auth", headers: [("X-Real-IP", "203.0.113.9")])
                        #expect(answer.status == 401, "\(answer)")
                    }
                }
                let headers = [("X-Real-IP", "203.0.113.9")]
                #expect(try await tokens.caller("test", "123").get("/auth", headers: headers).status == 403)
                let other = [("X-Real-IP", "203.0.113.8")]
                #expect(try await tokens.caller("test", "123").get("/auth", headers: other).status == 200)
            }
        }
        let list = try await homeport(["ban", "list"], data: folder.path + "/data").succeeded().output
        #expect(list.contains("203.0.113.9"), "\(list)")
        // An address that anybody can claim is nobody's: nobody is banned by it.
        try await withTokenServer(text, in: folder, arguments: ["--ban-after", "3"]) { tokens in
            for _ in 1...4 {
                let answer = try await tokens.caller("test", "no").get(
                    "/auth", headers: [("X-Real-IP", "203.0.113.9")])
                #expect(answer.status == 401, "\(answer)")
            }
        }
    }
}
