import Contracts
import Foundation
import Harness
import Testing

/// A server whose MongoDB is not there, goes away, and comes back.
@Suite(.timeLimit(.minutes(5))) struct MongoOutageTests {
    private let database = MongoServer.newDatabase()

    private func end(_ mongo: MongoServer) async throws {
        try await mongo.process.signal("TERM")
        await mongo.process.ended()
    }

    @Test func whileItIsAwayTokensCountAndNobodySignsIn() async throws {
        let folder = try TemporaryFolder()
        try await withMongoServer(in: folder) { mongo in
            let settings = MongoTests.settings(mongo.host, database)
            try await withHomeport(settings: settings) { server in
                let alice = try await server.addAccount("alice")
                let image = try await Homeport.$shared.withValue(server) {
                    let repository = try SpecRepository()
                    return (repository.name, try await repository.pushImage("v1"))
                }
                try await server.addRule(10, "--account", "alice", "--name", "**", actions: "pull")
                let path = "/token?service=homeport&scope=repository:\(image.0):pull"
                let answer = try await alice.get(path)
                let token = try #require(answer.object["token"] as? String, "\(answer)")
                let bearer = RegistryCaller(address: server.address, credentials: .bearer(token))
                let manifest = "/v2/\(image.0)/manifests/v1"
                #expect(try await bearer.get(manifest).status == 200)

                try await end(mongo)
                let clock = ContinuousClock()
                let gone = clock.now
                var refused = try await alice.get(path)
                // Whoever signed in a moment ago may do so until it is noticed.
                while refused.status == 200, clock.now - gone < .seconds(5) {
                    refused = try await alice.get(path)
                }
                #expect(refused.status == 503 && refused["Retry-After"] != nil, "\(refused)")
                for name in ["alice", "nobody"] {
                    let begin = clock.now
                    let late = Lateness()
                    let answer = try await server.caller(name, "pass word").get(path)
                    let taken = clock.now - begin
                    #expect(answer.status == 503 && answer["Retry-After"] != nil, "\(answer)")
                    let limit = Duration.seconds(2) + (await late.taken())
                    #expect(taken < limit, "\(name): \(taken)")
                }
                #expect(try await bearer.get(manifest).status == 200, "a token that was issued goes on")
                #expect(try await bearer.get("/v2/\(image.0)/blobs/\(sha256(image.1.layer))").status == 200)
                let ready = try await server.nobody.get("/readyz")
                #expect(ready.status == 200 && ready.text.contains("mongodb: "), "\(ready)")
                let said = try await server.run(["account", "list"])
                #expect(said.status == 3 && said.errors.contains("MongoDB"), "\(said)")
                let trail = try await server.run(["audit"])
                #expect(trail.status == 0 && trail.errors.contains("is missing here"), "\(trail)")
                #expect(try await server.run(["repo", "list"]).status == 0, "what needs no accounts goes on")
                #expect(server.log.contains("MongoDB is away"))

                try await withMongoServer(in: folder, port: mongo.port) { _ in
                    let back = clock.now
                    let late = Lateness()
                    while try await alice.get(path).status != 200, clock.now - back < .seconds(10) {}
                    let taken = clock.now - back
                    let limit = Duration.seconds(2) + (await late.taken())
                    #expect(taken < limit, "all is well within two seconds: \(taken)")
                    #expect(try await server.nobody.get("/readyz").text == "ready\n")
                    #expect(try await bearer.get(manifest).status == 200)
                }
            }
        }
    }

    @Test func aStartWithoutItIsSaidAndEnds() async throws {
        let port = try await withMongoServer(in: TemporaryFolder()) { $0.port }
        let folder = try TemporaryFolder()
        let settings = MongoTests.settings("127.0.0.1:\(port)", database, "  start_wait: 1s")
        try settings.write(toFile: folder.path + "/homeport.yaml", atomically: true, encoding: .utf8)
        let ended = try await homeport(
            ["serve", "--config", folder.path + "/homeport.yaml", "--listen", "127.0.0.1:0"],
            data: folder.path + "/data")
        #expect(ended.status == 3, "\(ended)")
        #expect(ended.errors.contains("MongoDB on 127.0.0.1:\(port) cannot be used"), "\(ended)")
        #expect(!ended.output.contains("password"), "nobody was made")
    }

    @Test func aStartBeforeItWaits() async throws {
        let folder = try TemporaryFolder()
        let port = try await withMongoServer(in: folder) { $0.port }
        let settings = MongoTests.settings("127.0.0.1:\(port)", database)
        let (reached, reach) = AsyncStream.makeStream(of: Void.self)
        async let served: Int = withHomeport(settings: settings) { server in
            let status = try await server.admin.get("/v2/").status
            reach.finish()
            return status
        }
        try await withMongoServer(in: folder, port: port) { _ in
            for await _ in reached {}
        }
        #expect(try await served == 200)
    }

    @Test func aUserThatItDoesNotKnowIsSaidWithoutThePassword() async throws {
        try await withMongoServer(in: TemporaryFolder()) { mongo in
            let folder = try TemporaryFolder()
            try "s3cret-of-mongo\n".write(
                toFile: folder.path + "/password", atomically: true, encoding: .utf8)
            let more = "  username: homeport\n  password_file: password\n  start_wait: 0s"
            try MongoTests.settings(mongo.host, database, more)
                .write(toFile: folder.path + "/homeport.yaml", atomically: true, encoding: .utf8)
            let ended = try await homeport(
                ["serve", "--config", folder.path + "/homeport.yaml", "--listen", "127.0.0.1:0"],
                data: folder.path + "/data")
            #expect(ended.status == 3 && ended.errors.contains("cannot be used"), "\(ended)")
            #expect(!(ended.errors + ended.output).contains("s3cret"), "\(ended)")
        }
    }
}
