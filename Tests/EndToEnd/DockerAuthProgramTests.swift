import Contracts
import Foundation
import Harness
import Testing

/// `ext_auth` and `ext_authz` of a docker_auth configuration, with real programs.
@Suite(.timeLimit(.minutes(2))) struct DockerAuthProgramTests {
    private static let configuration = #"""
        server: {addr: "127.0.0.1:0"}
        token: {issuer: Acme, expiration: 900, certificate: DIR/token.pem, key: DIR/token.key}
        users:
          static: {password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"}
        ext_auth: {command: DIR/people, args: [--strict]}
        acl:
          - match: {account: static}
            actions: [pull]
          - match: {labels: {group: VIP}}
            actions: ["*"]
        ext_authz: {command: DIR/rights}
        """#

    /// Knows `vip` and `plain`, and fails for `broken`.
    private static let people = #"""
        #!/bin/sh
        test "$1" = --strict || exit 3
        read name password
        case "$name" in
        broken) exit 4 ;;
        vip) test "$password" = secret || exit 1; echo '{"labels": {"group": ["VIP"]}}' ;;
        plain) test "$password" = secret || exit 1 ;;
        *) exit 2 ;;
        esac
        """#

    /// Grants what lies under `open/`, and fails for `broken/`.
    private static let rights = #"""
        #!/bin/sh
        question=$(cat)
        case "$question" in
        *'"Name":"open'*) exit 0 ;;
        *'"Name":"broken'*) exit 5 ;;
        *) exit 1 ;;
        esac
        """#

    @Test func programsSayWhoSomebodyIsAndWhatTheyMayDo() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        for (name, text) in [("people", Self.people), ("rights", Self.rights)] {
            let path = "\(folder.path)/\(name)"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        }
        try await withTokenServer(Self.configuration, in: folder) { (server: TokenServer) async throws in
            let scopes = ["repository:open:pull,push", "repository:shut:pull,push"]
            func granted(_ name: String, _ password: String) async throws -> [String] {
                try await server.token(server.caller(name, password), scopes[0], scopes[1]).granted
            }
            #expect(try await granted("static", "123") == ["open:pull", "shut:pull"], "rules decide first")
            #expect(try await granted("vip", "secret") == ["open:pull,push", "shut:pull,push"])
            #expect(try await granted("plain", "secret") == ["open:pull,push", "shut:"])
            // As many as a push of many layers asks for at once.
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await server.caller("vip", "secret").get("/auth?service=registry").status
                    }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(statuses == [200])
            for (name, password, status) in [
                ("vip", "wrong", 401), ("nobody", "secret", 401), ("static", "secret", 401),
                ("broken", "x", 503),
            ] {
                let answer = try await server.caller(name, password).get("/auth?service=registry")
                #expect(answer.status == status, "\(name): \(answer)")
                #expect(!answer.description.contains("status 4"), "what is wrong inside is for the log")
            }
            #expect(server.log.contains("ext_auth: it ended with status 4"), "\(server.log)")
            let broken = try await server.caller("plain", "secret").get(
                "/auth?service=registry&scope=repository:broken:pull")
            #expect(broken.status == 503 && broken["Retry-After"] != nil, "\(broken)")
        }
    }

    @Test func aProgramThatIsMissingIsSaid() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        let file = folder.path + "/auth.yml"
        try Self.configuration.replacing("DIR", with: folder.path).write(
            toFile: file, atomically: true, encoding: .utf8)
        let check = try await homeport(["token-server", "--check", file])
        #expect(check.status == 2, "\(check)")
        for said in ["auth.yml:5: ext_auth.command: there is no program", "auth.yml:11: ext_authz.command: "]
        {
            #expect(check.errors.contains(said), "\(check)")
        }
    }

    /// A program that counts how often it is asked.
    private static let counting = #"""
        #!/bin/sh
        read name password
        echo "$name" >> DIR/asked
        test "$password" = secret
        """#

    /// docker_auth asks each time; with an option, what was right is believed for a while.
    @Test(arguments: [([], 4), (["--password-cache", "5m"], 2)])
    func whatAProgramFoundRightCanBeBelieved(_ options: [String], _ count: Int) async throws {
        let folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        let path = folder.path + "/people"
        try Self.counting.replacing("DIR", with: folder.path).write(
            toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        let configuration = """
            server: {addr: "127.0.0.1:0"}
            token: {issuer: Acme, expiration: 900, certificate: DIR/token.pem, key: DIR/token.key}
            ext_auth: {command: DIR/people}
            acl: [{match: {account: vip}, actions: ["*"]}]
            """
        try await withTokenServer(configuration, in: folder, arguments: options) {
            (server: TokenServer) async throws in
            for _ in 0..<3 {
                #expect(try await server.caller("vip", "secret").get("/auth?service=registry").status == 200)
            }
            #expect(try await server.caller("vip", "wrong").get("/auth?service=registry").status == 401)
        }
        let asked = try String(contentsOfFile: folder.path + "/asked", encoding: .utf8)
        #expect(asked.split(separator: "\n").count == count, "\(asked)")
        let wrong = try await homeport([
            "token-server", "--password-cache", "soon", folder.path + "/auth_config.yml",
        ])
        #expect(wrong.status == 2 && wrong.errors.contains("--password-cache: `soon` is no time"), "\(wrong)")
    }
}
