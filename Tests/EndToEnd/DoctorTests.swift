import Contracts
import Foundation
import Harness
import Testing

/// What `homeport doctor` says of servers that are well, and of those that are not.
@Suite(.timeLimit(.minutes(5))) struct DoctorTests {
    private struct Report: Decodable {
        struct Finding: Decodable {
            let about: String
            let state: String
            let says: String
            let cure: String?
        }

        let findings: [Finding]
        let wrong: Int

        func state(of about: String) -> String? { findings.first { $0.about == about }?.state }
    }

    private func report(_ finished: Finished) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(finished.output.utf8))
    }

    /// A server with a certificate for a.example, whose authority lies in `ca.pem`.
    private func settings(_ folder: TemporaryFolder, _ ports: [Int]) throws -> String {
        let authority = try TestAuthority()
        try authority.pem.write(toFile: folder.path + "/ca.pem", atomically: true, encoding: .utf8)
        try authority.issue(["a.example"]).write(to: folder.path, as: "server")
        return """
            public_url: https://a.example:\(ports[0])
            tls:
              listen: [127.0.0.1:\(ports[0])]
              certificates: [{certificate_file: server.pem, key_file: server.key}]
            redirect:
              listen: [127.0.0.1:\(ports[1])]
            headers:
              hsts_age: 180d

            """
    }

    @Test func aServerThatIsWellIsSaidToBeWell() async throws {
        let folder = try TemporaryFolder()
        let settings = try settings(folder, try freePorts(2))
        try await withHomeport(in: folder, settings: settings) { server in
            try await server.command("backup", folder.path + "/backup")
            let all = try await server.run([
                "doctor", "--json", "--address", "127.0.0.1", "--authority-file", folder.path + "/ca.pem",
            ])
            let found = try report(all)
            #expect(all.status == 0 && found.wrong == 0, "\(all)")
            for about in [
                "configuration", "data", "disk", "backup", "server", "TLS a.example", "versions", "redirect",
                "answers", "headers", "challenge", "token", "push", "pull",
            ] {
                let state = found.state(of: about)
                #expect(state == "fine" || (about == "disk" && state == "noted"), "\(about): \(all)")
            }
            let versions = found.findings.first { $0.about == "versions" }
            #expect(versions?.says == "TLS 1.2, TLS 1.3")
            let tokens = try await server.command("token", "list", "--json")
            #expect(!tokens.output.contains("doctor"), "\(tokens)")
            let tags = try await server.admin.get("/v2/_catalog")
            #expect(!tags.text.contains("doctor"), "\(tags)")

            let distrusted = try await server.run(["doctor", "--address", "127.0.0.1", "--no-push"])
            #expect(distrusted.status == 1, "\(distrusted)")
            #expect(
                distrusted.output.contains("do not believe the certificate for a.example"), "\(distrusted)")
        }
    }

    @Test func whatIsWrongIsSaidWithItsCure() async throws {
        let folder = try TemporaryFolder()
        let ports = try freePorts(2)
        let settings = try settings(folder, ports)
        try settings.write(toFile: folder.path + "/homeport.yaml", atomically: true, encoding: .utf8)
        let arguments = [
            "doctor", "--json", "--config", folder.path + "/homeport.yaml", "--address", "127.0.0.1",
        ]
        let nothing = try await homeport(arguments, data: folder.path + "/data")
        let found = try report(nothing)
        #expect(nothing.status == 1 && found.state(of: "data") == "wrong", "\(nothing)")
        #expect(found.state(of: "port \(ports[0])") == "wrong", "\(nothing)")
        for finding in found.findings where finding.state != "fine" {
            #expect(finding.cure?.isEmpty == false, "\(finding)")
        }

        try await withHomeport(in: folder) { server in
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: folder.path + "/data")
            let open = try report(try await server.run(["doctor", "--json"]))
            #expect(open.state(of: "data") == "wrong")
            #expect(open.state(of: "backup") == "noted")
            try "lissten: 5".write(toFile: folder.path + "/bad.yaml", atomically: true, encoding: .utf8)
            let bad = try await homeport(["doctor", "--json", "--config", folder.path + "/bad.yaml"])
            #expect(bad.status == 1 && bad.output.contains("did you mean `listen`"), "\(bad)")
        }
        let stopped = try report(try await homeport(["doctor", "--json"], data: folder.path + "/data"))
        #expect(stopped.state(of: "server") == "wrong")
        #expect(stopped.state(of: "answers") == "wrong")
    }

    @Test func aServerIsLookedAtFromElsewhere() async throws {
        try await withHomeport { server in
            let arguments = ["doctor", "--url", "http://\(server.address)", "--json"]
            var command = Command(
                try homeportPath(), arguments + ["--account", "admin", "--password-stdin"])
            command.input = Homeport.adminPassword + "\n"
            let whole = try await command.run()
            #expect(whole.status == 0, "\(whole)")
            #expect(try report(whole).state(of: "pull") == "fine")
            command.input = "wrong\n"
            let refused = try await command.run()
            #expect(refused.status == 1, "\(refused)")
            #expect(try report(refused).state(of: "token") == "wrong")
            let outside = try await Command(try homeportPath(), arguments).run()
            #expect(outside.status == 0, "\(outside)")
            #expect(try report(outside).state(of: "pull") == nil)
        }
    }
}
