import Contracts
import Foundation
import Harness
import Testing

/// The accounts, rules and the key of docker_auth taken over, and served by the program with its own registry.
@Suite(.timeLimit(.minutes(5))) struct DockerAuthImportTests {
    /// Writes docker_auth's example with a key and returns its file.
    private func example(in folder: TemporaryFolder) throws -> String {
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
        let file = folder.path + "/auth_config.yml"
        let text =
            DockerAuthTests.example.replacing("DIR", with: folder.path) + """

                  - match: {account: "/dev|ops/", name: "${labels:group}/**"}
                    actions: ["*"]
                """
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    @Test func everybodyMayDoWhatTheyMightBefore() async throws {
        let folder = try TemporaryFolder()
        let file = try example(in: folder)
        let data = folder.path + "/data"
        let rehearsal = try await homeport(["import", "docker-auth", file, "--dry-run"], data: data)
            .succeeded()
        #expect(rehearsal.output.contains("Would take over 3 accounts and 4 rules"), "\(rehearsal)")
        #expect(!FileManager.default.fileExists(atPath: data))

        let report = try await homeport(["import", "docker-auth", file, "--key"], data: data).succeeded()
        for said in [
            "Took over 3 accounts and 4 rules", "Its key signs from now on.",
            "acl[3].match.account: it goes on matching anywhere",
            "acl[3].match.name: a value of the label group is a text or a glob", "users.admin.password: ",
            #"issuer: "Acme auth server""#, #"listen: "127.0.0.1:0""#, "life: 900s", "kid: libtrust",
        ] { #expect(report.output.contains(said), "\(said) is not in \(report.output)") }
        let again = try await homeport(["import", "docker-auth", file], data: data)
        #expect(again.status == 1 && again.errors.contains("--replace-rules"), "\(again)")
        let replaced = try await homeport(
            ["import", "docker-auth", file, "--replace-rules", "--json"], data: data
        )
        .succeeded()
        let object = try JSONSerialization.jsonObject(with: Data(replaced.output.utf8)) as? [String: Any]
        #expect(object?["removedRules"] as? Int == 4 && object?["accounts"] as? Int == 0, "\(replaced)")
        #expect((object?["knownAccounts"] as? [String])?.count == 3)

        try await withHomeport(in: folder) { server in
            let trail = try await server.command("audit", "--json")
            #expect(trail.output.contains("3 accounts, 4 rules new"), "\(trail)")
            let test = server.caller("test", "123")
            func granted(_ caller: RegistryCaller, _ scope: String) async throws -> String? {
                try await caller.get("/auth?service=homeport&scope=repository:\(scope)").object["scope"]
                    as? String
            }
            let own = try await granted(test, "test/app:pull,push")
            #expect(own == "repository:test/app:pull,push")
            let nested = try await granted(test, "test/team/app:pull,push")
            #expect(nested == "", "* stops at a slash, as it did")
            let anonymous = try await granted(server.nobody, "public/app:pull,push")
            #expect(anonymous == "repository:public/app:pull")
            let admin = try await granted(server.caller("admin", "badmin"), "any/thing:pull,push,delete")
            #expect(admin == "repository:any/thing:pull,push,delete", "and its password is the one it had")
            let push = try await test.post("/v2/test/app/blobs/uploads/")
            #expect(push.status == 202)
        }
    }

    /// The server that takes docker_auth's place altogether is believed by the registry that stays.
    @Test func theOldRegistryBelievesTheNewServer() async throws {
        let folder = try TemporaryFolder()
        let file = try example(in: folder)
        try await homeport(["import", "docker-auth", file, "--key"], data: folder.path + "/data").succeeded()
        let settings = """
            token: {issuer: "Acme auth server", service: registry, kid: libtrust}
            """
        try await withHomeport(in: folder, settings: settings) { server in
            let tokens = TokenServer(address: server.address, folder: folder, process: server.process)
            try await withDebianRegistry(
                in: folder, environment: DockerAuthTests.registry(tokens, bundle: folder.path + "/token.pem")
            ) { registry in
                let (granted, text) = try await tokens.token(
                    tokens.caller("test", "123"), "repository:test/app:pull,push")
                #expect(granted == ["test/app:pull,push"])
                let bearer = RegistryCaller(address: registry.address, credentials: .bearer(text))
                #expect(try await bearer.post("/v2/test/app/blobs/uploads/").status == 202)
            }
        }
    }

    private static let users = #"""
        {"_id":{"$oid":"5f0c1b2a3d4e5f6071829304"},"username":"mona","password":"$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya","labels":{"group":["VIP","t**"]}}
        {"_id":{"$oid":"5f0c1b2a3d4e5f6071829305"},"username":"test","password":"$2y$05$other"}
        {"_id":1,"username":"gone","password":"$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya","disabled":true}
        {"_id":2,"username":"late","password":"$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya","expires":{"$date":"2020-01-31T12:00:00.000Z"}}
        {"_id":3,"username":"typo","pasword":"x"}
        {"_id":4,"username":"open"}
        not JSON: {
        """#
    private static let rules = #"""
        [{"_id":{"$oid":"1"},"seq":{"$numberInt":"30"},"match":{"account":"mona"},"actions":["*"],"comment":"after the refusal"},
        {"_id":{"$oid":"2"},"seq":20,"match":{"account":"mona","name":"secret/*"},"actions":[],"comment":null},
        {"_id":{"$oid":"3"},"seq":{"$numberLong":"40"},"match":{"team":"infrastructure"},"actions":["pull"]},
        {"_id":{"$oid":"4"},"match":{},"actions":["pull"]},
        {"_id":{"$oid":"5"},"seq":20.0,"match":{"account":"x"},"actions":["pull"]}]
        """#

    /// As `mongoexport` writes collections: one document a line, or with `--jsonArray`.
    @Test func documentsOfMongoDBComeBehindTheFile() async throws {
        let folder = try TemporaryFolder()
        let file = try example(in: folder)
        let documents = [("users.json", Self.users), ("acl.json", Self.rules)]
        for (name, text) in documents {
            try text.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
        }
        let report = try await homeport(
            [
                "import", "docker-auth", file, "--mongo-users", folder.path + "/users.json", "--mongo-acl",
                folder.path + "/acl.json",
            ], data: folder.path + "/data"
        ).succeeded()
        for said in [
            "Took over 7 accounts and 6 rules",
            "users.json:5: pasword: unknown key; did you mean `password`?",
            "users.json:7: is no document in JSON", "users.json:6: password: `open` has none",
            "acl.json:3: match.team: unknown key", "acl.json:4: seq: is missing",
            "acl.json:5: seq: 20 is that of line 2",
            "acl.json:1: seq: the documents lie in another order",
        ] { #expect(report.output.contains(said), "\(said) is not in \(report.output)") }
        try await withHomeport(in: folder) { (server: Homeport) async throws in
            func granted(_ name: String, _ scope: String) async throws -> String? {
                let answer = try await server.caller(name, "123").get(
                    "/auth?service=homeport&scope=repository:\(scope)")
                return answer.object["scope"] as? String
            }
            #expect(try await granted("mona", "secret/app:pull") == "", "seq decides")
            #expect(try await granted("mona", "other/app:pull") == "repository:other/app:pull")
            #expect(
                try await granted("test", "test/app:pull") == "repository:test/app:pull",
                "the file comes first")
            for name in ["gone", "late", "typo", "open"] {
                #expect(try await granted(name, "a/b:pull") == nil)
            }
        }
    }

    @Test func aFileThatIsWrongChangesNothing() async throws {
        let folder = try TemporaryFolder()
        let file = folder.path + "/a.yml"
        try "users: {a: {pasword: x}}\nacl: [{match: {}, actions: []}]".write(
            toFile: file, atomically: true, encoding: .utf8)
        let report = try await homeport(["import", "docker-auth", file], data: folder.path + "/data")
        #expect(
            report.status == 2 && report.errors.contains("a.yml:1: users.a.pasword: unknown key"), "\(report)"
        )
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"))
    }
}
