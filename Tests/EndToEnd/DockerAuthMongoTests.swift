import Contracts
import Foundation
import Harness
import Testing

/// `homeport token-server` with people and rules in a database that speaks MongoDB's protocol, in docker_auth's documents.
@Suite(.timeLimit(.minutes(5))) struct DockerAuthMongoTests {
    private let folder: TemporaryFolder
    private let database = MongoServer.newDatabase()

    init() throws {
        folder = try TemporaryFolder()
        try TestAuthority().issue(["auth.test"]).write(to: folder.path, as: "token")
    }

    /// docker_auth's own example of the sections, which ends docker_auth itself, since it has no user name.
    private func configuration(_ mongo: MongoServer, _ more: String = "") -> String {
        let dial = """
            dial_info:
                addrs: ["\(mongo.host)"]
                timeout: "10s"
                database: "\(database)"
                username: ""
                password: ""
                enable_tls: false
            """
        return """
            server: {addr: "127.0.0.1:0"}
            token: {issuer: "Acme auth server", expiration: 900, certificate: "DIR/token.pem", key: "DIR/token.key"}
            mongo_auth:
              \(dial)
              collection: "people"
            acl_mongo:
              \(dial)
              collection: "rights"
              cache_ttl: "1s"
            \(more)
            """
    }

    private func load(_ mongo: MongoServer) async throws {
        for (collection, file) in [("people", "users"), ("rights", "acl")] {
            try await PythonPeers.run(
                "mongo_load.py",
                ["\(mongo.port)", database, collection, "\(projectRoot)/deploy/classic/\(file).json"]
            ).succeeded()
        }
    }

    private func edit(_ mongo: MongoServer, _ lines: String) async throws {
        try await PythonPeers.run("mongo_edit.py", ["\(mongo.port)", database, lines]).succeeded()
    }

    @Test func documentsOfDockerAuthMeanWhatTheySay() async throws {
        try await withMongoServer(in: folder) { mongo in
            try await load(mongo)
            try await withTokenServer(configuration(mongo), in: folder) { server in
                let test = server.caller("test", "123")
                let (granted, _) = try await server.token(
                    test, "repository:test/a:pull,push", "repository:test/a/b:pull",
                    "repository:tools/a:push",
                    "repository:other/a:pull", "repository:public/a:pull,push")
                #expect(
                    granted == [
                        "test/a:pull,push", "test/a/b:", "tools/a:push", "other/a:", "public/a:pull",
                    ])
                #expect(server.log.contains("seq=10"), "`*` grants whatever is asked: \(server.log)")
                #expect(!server.log.contains("seq=20"), "/.+/ matches whole values anyway: \(server.log)")
                let admin = server.caller("admin", "badmin")
                #expect(try await server.token(admin, "repository:x/y:delete").granted == ["x/y:delete"])
                #expect(
                    try await server.token(server.nobody, "repository:public/a:pull").granted == [
                        "public/a:pull"
                    ])
                for (name, password) in [("test", "124"), ("nobody", "123"), ("test", "")] {
                    #expect(
                        try await server.caller(name, password).get("/auth?service=registry").status == 401)
                }

                // Later in the collection and earlier in its order.
                try await edit(
                    mongo,
                    "db.rights.insert_one({'seq': 5, 'match': {'name': 'test/*'}, 'actions': [], 'comment': 'frozen'})"
                )
                while try await server.token(test, "repository:test/a:pull").granted != ["test/a:"] {}
                try await edit(mongo, "db.rights.delete_one({'seq': 5})")
                while try await server.token(test, "repository:test/a:pull").granted == ["test/a:"] {}
                try await edit(
                    mongo,
                    "db.people.update_one({'username': 'test'}, {'$set': {'labels.project': ['other']}})")
                while try await server.token(test, "repository:other/a:pull").granted == ["other/a:"] {}
                try await edit(mongo, "db.people.delete_one({'username': 'test'})")
                while try await test.get("/auth?service=registry").status != 401 {}
                #expect(try await server.nobody.get("/readyz").text == "ready\n")
                // It only reads: nothing of ours is in there.
                try await edit(
                    mongo,
                    "assert set(db.list_collection_names()) == {'people', 'rights'}, db.list_collection_names()"
                )
            }
        }
    }

    @Test func whileItIsAwayThoseOfTheFileSignInAndOthersAreToldSo() async throws {
        try await withMongoServer(in: folder) { mongo in
            try await load(mongo)
            let more =
                #"users: {"eve": {password: "$2y$05$WuwBasGDAgr.QCbGIjKJaep4dhxeai9gNZdmBnQXqpKly57oNutya"}}"#
            try await withTokenServer(configuration(mongo, more), in: folder) { server in
                let (test, eve) = (server.caller("test", "123"), server.caller("eve", "123"))
                #expect(try await server.token(test, "repository:test/a:pull").granted == ["test/a:pull"])
                try await mongo.process.signal("TERM")
                await mongo.process.ended()
                let clock = ContinuousClock()
                let gone = clock.now
                var answer = try await test.get("/auth?service=registry")
                while answer.status == 200, clock.now - gone < .seconds(5) {
                    answer = try await test.get("/auth?service=registry")
                }
                #expect(answer.status == 503 && answer["Retry-After"] != nil, "\(answer)")
                let begin = clock.now
                let late = Lateness()
                #expect(try await server.caller("zoe", "123").get("/auth?service=registry").status == 503)
                let taken = clock.now - begin
                let limit = Duration.seconds(2) + (await late.taken())
                #expect(taken < limit, "\(taken)")
                #expect(
                    try await server.token(eve, "repository:eve/a:pull").granted == ["eve/a:pull"],
                    "the rules stand")
                #expect(try await server.nobody.get("/readyz").text.contains("mongodb: it is away"))
                try await withMongoServer(in: folder, port: mongo.port) { _ in
                    let back = clock.now
                    let late = Lateness()
                    while try await test.get("/auth?service=registry").status != 200,
                        clock.now - back < .seconds(10)
                    {}
                    let taken = clock.now - back
                    let limit = Duration.seconds(2) + (await late.taken())
                    #expect(taken < limit, "\(taken)")
                }
            }
        }
    }

    @Test func itStartsWithoutItAndSaysSo() async throws {
        let mongo = try await withMongoServer(in: folder) { $0 }
        try await withTokenServer(configuration(mongo), in: folder) { server in
            #expect(server.log.contains("MongoDB cannot be asked"))
            #expect(try await server.caller("test", "123").get("/auth?service=registry").status == 503)
            try await withMongoServer(in: folder, port: mongo.port) { mongo in
                try await load(mongo)
                while try await server.caller("test", "123").get("/auth?service=registry").status != 200 {}
            }
        }
    }

    /// What somebody may hope to become an operator or a pattern, and is a text.
    @Test func nothingThatIsTypedBecomesAnOperator() async throws {
        try await withMongoServer(in: folder) { mongo in
            try await load(mongo)
            // The same when another source is asked first, and then the database as one.
            for more in ["", #"ext_auth: {command: sh, args: ["-c", "exit 2"]}"#] {
                try await withTokenServer(configuration(mongo, more), in: folder) { server in
                    #expect(
                        try await server.caller("test", "123").get("/auth?service=registry").status == 200)
                    for text in [
                        #"{"$gt":""}"#, #"{"$ne":null}"#, #"{"$regex":".*"}"#, "$where", ".*", "^t", "/test/",
                        "/.+/",
                    ] {
                        for (name, password) in [(text, "123"), ("test", text), (text, text)] {
                            let answer = try await server.caller(name, password).get("/auth?service=registry")
                            #expect(
                                [400, 401, 429].contains(answer.status), "\(name):\(password): \(answer)")
                        }
                    }
                    let posted = try await server.nobody.post(
                        "/auth/token", headers: [("Content-Type", "application/x-www-form-urlencoded")],
                        body: Array(
                            ("grant_type=password&service=registry&client_id=x&username[$ne]=x&password[$ne]=x")
                                .utf8))
                    #expect([400, 401, 429].contains(posted.status), "\(posted)")
                }
            }
        }
    }

    @Test func anImportTakesWhatIsThere() async throws {
        try await withMongoServer(in: folder) { mongo in
            try await load(mongo)
            let file = folder.path + "/auth_config.yml"
            try configuration(mongo).replacing("DIR", with: folder.path)
                .write(toFile: file, atomically: true, encoding: .utf8)
            let report = try await homeport(
                ["import", "docker-auth", file, "--key"], data: folder.path + "/data"
            )
            .succeeded()
            #expect(report.output.contains("Took over 3 accounts and 5 rules"), "\(report)")
            try await withHomeport(in: folder) { server in
                let answer = try await server.caller("test", "123").get(
                    "/auth?service=homeport&scope=repository:tools/a:pull,push")
                #expect(answer.object["scope"] as? String == "repository:tools/a:pull,push", "\(answer)")
            }
        }
        let file = folder.path + "/auth_config.yml"
        let refused = try await homeport(
            ["import", "docker-auth", file, "--dry-run"], data: folder.path + "/data")
        #expect(refused.status == 3, "\(refused)")
        #expect(refused.errors.contains("mongo_auth: the database cannot be asked"), "\(refused)")
        #expect(refused.errors.contains("--mongo-users"), "\(refused)")
    }

    @Test(arguments: [
        (#"addrs: ["DB"]"#, #"addrs: ["mongodb://DB"]"#, "is an address with everything in it"),
        (#"addrs: ["DB"]"#, "addrs: []", "names no server"),
        (#"username: """#, #"username: "reader""#, "has no password; name the file"),
        (#"password: """#, #"password: "secret""#, "there is no `username` to it"),
        (#"enable_tls: false"#, #"mechanism: "MD5""#, ""),
    ])
    func whatIsWrongIsSaidWithItsLine(_ was: String, _ now: String, _ words: String) async throws {
        let mongo = try await withMongoServer(in: folder) { $0 }
        let file = folder.path + "/auth_config.yml"
        let text = configuration(mongo).replacing("DIR", with: folder.path)
            .replacing(was.replacing("DB", with: mongo.host), with: now.replacing("DB", with: mongo.host))
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let said = try await homeport(["token-server", "--check", file])
        #expect(said.status == (words.isEmpty ? 0 : 2), "\(said)")
        #expect(said.errors.contains(words.isEmpty ? "mongo_auth cannot be asked" : words), "\(said)")
        if !words.isEmpty {
            #expect(
                said.errors.contains("auth_config.yml:5: mongo_auth")
                    || said.errors.contains(": mongo_auth.dial_info."), "\(said)")
        }
    }
}
