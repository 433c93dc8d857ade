import Contracts
import Foundation
import Harness
import Testing

/// TLS to a database that speaks MongoDB's protocol: by a door of Python's before it, since it speaks none itself.
@Suite(.mongoServer, .timeLimit(.minutes(3))) struct MongoTLSTests {
    private let mongo: MongoServer
    private let folder: TemporaryFolder

    init() throws {
        mongo = try MongoServer.shared()
        folder = try TemporaryFolder()
        for name in ["one", "other"] {
            let authority = try TestAuthority()
            try authority.pem.write(
                toFile: folder.path + "/\(name)-ca.pem", atomically: true, encoding: .utf8)
            try authority.issue(["127.0.0.1"]).write(to: folder.path, as: name)
        }
    }

    private func withDoor(
        _ options: [String] = [], _ body: @Sendable @escaping (_ host: String) async throws -> Void
    ) async throws {
        _ = try await withGuardedProcess(
            PythonPeers.interpreter(),
            [
                "\(projectRoot)/Tests/PeerScripts/tls_door.py", "\(mongo.port)", folder.path + "/one.pem",
                folder.path + "/one.key",
            ] + options, environment: ["PYTHONDONTWRITEBYTECODE": "1"], log: folder.path + "/door.log"
        ) { process in
            let line = await process.line(startingWith: "listening on ") ?? ""
            try await body("127.0.0.1:\(try #require(Int(line.dropFirst("listening on ".count))))")
        }
    }

    /// What `homeport check` says of it.
    private func check(_ host: String, _ more: String) async throws -> String {
        let file = folder.path + "/homeport-\(UUID().uuidString).yaml"
        try MongoTests.settings(host, MongoServer.newDatabase(), more)
            .write(toFile: file, atomically: true, encoding: .utf8)
        let said = try await homeport(["check", "--config", file]).succeeded()
        return said.output + said.errors
    }

    @Test func theServersCertificateHasToBeOfTheAuthority() async throws {
        try await withDoor { host in
            #expect(
                try await check(host, "  tls: true\n  ca_file: one-ca.pem").contains("\(host) can be asked"))
            for more in ["  tls: true\n  ca_file: other-ca.pem", "  tls: true", ""] {
                let said = try await check(host, more)
                #expect(said.contains("\(host) cannot be asked"), "\(more): \(said)")
            }
            let settings = MongoTests.settings(
                host, MongoServer.newDatabase(), "  tls: true\n  ca_file: \(folder.path)/one-ca.pem")
            try await withHomeport(settings: settings) { server in
                let status = try await server.admin.get("/v2/").status
                #expect(status == 200)
            }
        }
    }

    /// A certificate of a client, which the door takes for an authority, and it with its key.
    private func client(_ name: String) async throws -> (authority: String, both: String) {
        let path = folder.path + "/" + name
        try await Command(
            Peer.openssl.path(),
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=homeport", "-keyout",
                path + ".key",
                "-out", path + ".pem",
            ]
        ).run().succeeded()
        let both = try ["pem", "key"].map { try String(contentsOfFile: "\(path).\($0)", encoding: .utf8) }
            .joined()
        try both.write(toFile: path + "-both.pem", atomically: true, encoding: .utf8)
        return (path + ".pem", path + "-both.pem")
    }

    @Test func aCertificateOfOurOwnIsShown() async throws {
        let (mine, theirs) = (try await client("mine"), try await client("theirs"))
        try await withDoor([mine.authority]) { host in
            let tls = "  tls: true\n  ca_file: one-ca.pem"
            for (more, words) in [
                ("", "cannot be asked"), ("\n  certificate_file: \(mine.both)", "can be asked"),
                ("\n  certificate_file: \(theirs.both)", "cannot be asked"),
            ] {
                let said = try await check(host, tls + more)
                #expect(said.contains("\(host) \(words)"), "\(more): \(said)")
            }
        }
    }
}
