import Contracts
import Foundation
import Harness
import Testing

/// People of a real directory at the real server, and in a configuration of docker_auth.
@Suite(.timeLimit(.minutes(2))) struct DirectorySignInTests {
    private func settings(_ server: DirectoryServer, _ folder: String) -> String {
        """
        accounts:
          refusal_time: 0s
          sources:
            - name: directory
              kind: ldap
              ldap:
                servers: ["\(server.secure)"]
                authority_file: \(server.authorityFile)
                reader: "\(DirectoryServer.reader)"
                reader_password_file: \(folder)/reads
                base: "\(DirectoryServer.people)"
                groups: { label: groups, base: "\(DirectoryServer.groups)", nested: walk, lower_case: true }
        """
    }

    private func place() throws -> DirectoryPlace {
        let place = try DirectoryPlace()
        try "reads\n".write(toFile: place.folder.path + "/reads", atomically: true, encoding: .utf8)
        return place
    }

    /// Passwords go over the network in clear only where somebody has said so.
    @Test func withoutTLSElsewhereOnlyWhereThatIsWanted() async throws {
        let place = try place()
        let folder = place.folder.path
        try await withDirectoryServer(at: place) { (directory: DirectoryServer) async throws in
            let plain = settings(directory, folder).replacing(
                directory.secure, with: directory.elsewhere
            ).replacing("        authority_file: \(directory.authorityFile)\n", with: "")
            let file = folder + "/plain.yaml"
            try plain.write(toFile: file, atomically: true, encoding: .utf8)
            let refused = try await homeport(["serve", "--config", file], data: folder + "/other")
            #expect(
                refused.status == 2 && refused.errors.contains("in clear; write `ldaps://`"), "\(refused)")
            let wanted = plain.replacing(
                "        base:", with: "        allow_plain: true\n        base:")
            try await withHomeport(settings: wanted) { (server: Homeport) async throws in
                for (password, status) in [(DirectoryServer.password, 200), ("wrong", 401)] {
                    let answer = try await server.caller("alice", password).get("/token?service=homeport")
                    #expect(answer.status == status, "\(answer)")
                }
            }
        }
    }

    @Test func whoIsInTheDirectoryPushesWhatTheirGroupsAllow() async throws {
        let place = try place()
        let folder = place.folder.path
        try await withDirectoryServer(at: place) { (directory: DirectoryServer) async throws in
            try await withHomeport(settings: settings(directory, folder)) {
                (server: Homeport) async throws in
                try await server.addRule(41, "--name", "${labels:groups}/**", actions: "pull,push")
                let alice = server.caller("alice", DirectoryServer.password)
                #expect(try await alice.post("/v2/engineering/a/blobs/uploads/").status == 202)
                #expect(try await alice.post("/v2/other/a/blobs/uploads/").status != 202)
                for (name, password) in [
                    ("alice", "wrong"), ("alice", ""), ("Alice", DirectoryServer.password),
                    ("*", DirectoryServer.password), ("nobody", DirectoryServer.password),
                ] {
                    let answer = try await server.caller(name, password).get("/token?service=homeport")
                    #expect(answer.status == 401, "\(name): \(answer)")
                }
                #expect(try await server.nobody.get("/readyz").text == "ready\n")
                try await directory.process.signal("KILL")
                await directory.process.ended()
                let away = try await server.caller("bob", DirectoryServer.password).get(
                    "/token?service=homeport")
                #expect(away.status == 503 && away["Retry-After"] != nil, "\(away)")
                let own = try await server.admin.get("/token?service=homeport")
                #expect(own.status == 200, "own accounts do not need it")
                while !(try await server.nobody.get("/readyz").text.contains("sign-in directory: ")) {}
                #expect(try await !server.nobody.get("/readyz").text.contains("ldap://"))
                let check = try await server.run(["check"])
                let said = check.output + check.errors
                #expect(said.contains("The sign-in source directory cannot be asked: "), "\(said)")
                #expect(!said.contains("reads\n"))
            }
        }
    }

    @Test func anUnchangedConfigurationOfDockerAuthAsksIt() async throws {
        let place = try place()
        let folder = place.folder
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        try await withDirectoryServer(at: place) { (directory: DirectoryServer) async throws in
            let address = directory.secure.dropFirst("ldaps://".count)
            let configuration = """
                server: {addr: "127.0.0.1:0"}
                token: {issuer: Acme, expiration: 900, certificate: DIR/token.pem, key: DIR/token.key}
                ldap_auth:
                  addr: \(address)
                  tls: always
                  ca_certificate: DIR/ca.pem
                  base: \(DirectoryServer.people)
                  filter: (&(uid=${account})(objectClass=inetOrgPerson))
                  bind_dn: \(DirectoryServer.reader)
                  bind_password_file: DIR/reads
                  labels:
                    team: {attribute: memberOf, parse_cn: true, lower_case: true}
                    title: {attribute: title}
                acl:
                  - match: {labels: {team: devs}, name: "${labels:title}"}
                    actions: ["*"]
                """
            try await withTokenServer(configuration, in: folder) { (server: TokenServer) async throws in
                func granted(_ name: String) async throws -> [String] {
                    try await server.token(
                        server.caller(name, DirectoryServer.password), "repository:test1:pull,push",
                        "repository:other:pull"
                    ).granted
                }
                #expect(try await granted("alice") == ["test1:pull,push", "other:"])
                #expect(try await granted("ALICE") == ["test1:pull,push", "other:"], "as docker_auth does")
                #expect(try await granted("bob") == ["test1:", "other:"])
                for (name, password) in [("alice", "wrong"), ("alice", ""), ("*", "open sesame")] {
                    let answer = try await server.caller(name, password).get("/auth?service=registry")
                    #expect(answer.status == 401, "\(name): \(answer)")
                }
                #expect(try await server.caller("", "").get("/readyz").text == "ready\n")
            }
            let file = folder.path + "/auth.yml"
            try configuration.replacing("DIR", with: folder.path).write(
                toFile: file, atomically: true, encoding: .utf8)
            let check = try await homeport(["token-server", "--check", file])
            #expect(check.status == 0 && check.errors.contains("The directory of ldap_auth can be asked."))
            let imported = try await homeport(
                ["import", "docker-auth", file, "--dry-run", "--data", folder.path + "/store"])
            #expect(imported.output.contains("kind: ldap"), "\(imported)")
            #expect(imported.output.contains("reader: \"\(DirectoryServer.reader)\""), "\(imported)")
            let broken = file.replacing("auth.yml", with: "broken.yml")
            try configuration.replacing("DIR", with: folder.path).replacing(
                "(&(uid=${account})", with: "(&(uid=x)"
            )
            .replacing("/reads", with: "/none").write(toFile: broken, atomically: true, encoding: .utf8)
            let refused = try await homeport(["token-server", "--check", broken])
            #expect(refused.status == 2, "\(refused)")
            for said in ["broken.yml:8: ldap_auth.filter: ", "broken.yml:10: ldap_auth.bind_password_file: "]
            {
                #expect(refused.errors.contains(said), "\(refused)")
            }
        }
    }
}
