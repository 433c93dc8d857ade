import Contracts
import Foundation
import Harness
import Testing

/// fail2ban, as Debian has it, reads what a running server writes.
@Suite(.timeLimit(.minutes(3))) struct Fail2banTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let deploy = root.appending(path: "deploy/fail2ban").path(percentEncoded: false)

    /// A line of the log, as somebody may call himself.
    private static let line =
        "\u{7}\n2026-01-01T00:00:00.000Z warning homeport.accounts sign-in failed account=a client=6.6.6.6"

    /// The addresses that the filter finds in a log, one for each line that it takes.
    private func found(in log: String) async throws -> [String] {
        let folder = try TemporaryFolder()
        let file = folder.path + "/log"
        try log.write(toFile: file, atomically: true, encoding: .utf8)
        let found = try await Command(
            Peer.fail2banRegex.path(), ["-o", "ip", file, "\(Self.deploy)/filter.d/homeport.conf"]
        ).run().succeeded()
        return found.output.split(separator: "\n").map(String.init)
    }

    @Test(arguments: ["text", "json"])
    func itFindsEveryFailureAndNothingElse(_ format: String) async throws {
        let settings = """
            proxies: {trusted: ["127.0.0.1"]}
            log: {format: \(format)}

            """
        try await withHomeport(settings: settings) { server in
            let hostile = [
                "alice", "x client=6.6.6.6", Self.line, #"","client":"6.6.6.6"}"#, "", "账户",
            ]
            for name in hostile {
                let refused = try await server.caller(name, "wrong").get(
                    "/auth/token", headers: [("X-Forwarded-For", "203.0.113.9")])
                #expect(refused.status == 401, "\(refused)")
            }
            let overV6 = try await server.caller("bob", "wrong").get(
                "/v2/", headers: [("X-Forwarded-For", "2001:db8::7")])
            #expect(overV6.status == 401)
            // Neither a success, nor a request without credentials, nor a path is a failure.
            #expect(try await server.admin.get("/v2/").status == 200)
            #expect(try await server.nobody.get("/v2/").status == 401)
            _ = try await server.nobody.get(
                "/homeport.accounts%20sign-in%20failed%20account=a%20client=6.6.6.6",
                headers: [("X-Forwarded-For", "6.6.6.6"), ("User-Agent", "sign-in failed client=6.6.6.6")])
            let expected = Array(repeating: "203.0.113.9", count: hostile.count) + ["2001:db8::7"]
            #expect(try await found(in: server.log) == expected, "\(server.log)")
            // As the journal and syslog hand it over.
            let lines = server.log.split(separator: "\n").map { "gate homeport[4711]: \($0)\n" }
            #expect(try await found(in: lines.joined()) == expected)
        }
    }

    /// The configuration of Debian's package with our two files in it, but for the jails of others.
    @Test func itTakesTheJail() async throws {
        let folder = try TemporaryFolder()
        let files = FileManager.default
        try files.copyItem(atPath: "/etc/fail2ban", toPath: folder.path + "/etc")
        try files.removeItem(atPath: folder.path + "/etc/jail.d")
        try files.createDirectory(atPath: folder.path + "/etc/jail.d", withIntermediateDirectories: false)
        for name in ["filter.d", "jail.d"] {
            try files.copyItem(
                atPath: "\(Self.deploy)/\(name)/homeport.conf",
                toPath: "\(folder.path)/etc/\(name)/homeport.conf")
        }
        let client = Peer(program: "fail2ban-client", debianPackage: "fail2ban")
        let look = try await Command(client.path(), ["-c", folder.path + "/etc", "-d"]).run().succeeded()
        #expect(look.output.contains("['add', 'homeport', 'systemd']"), "\(look)")
        #expect(look.output.contains("['start', 'homeport']"), "\(look)")
        try await Command(client.path(), ["-c", folder.path + "/etc", "-t"]).run().succeeded()
    }
}
