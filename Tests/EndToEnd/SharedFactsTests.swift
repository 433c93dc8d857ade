import Contracts
import Foundation
import Harness
import Testing

/// Servers that share all facts through a MongoDB. Their blobs lie in one folder, which each has among its data.
@Suite(.timeLimit(.minutes(5))) struct SharedFactsTests {
    private let database = MongoServer.newDatabase()
    private let blobs: TemporaryFolder

    init() throws { blobs = try TemporaryFolder() }

    /// A server's folder, which lives as long as the value.
    private func folder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/data", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/data/docker", withDestinationPath: blobs.path)
        return folder
    }

    private func settings(_ mongo: MongoServer) -> String {
        MongoTests.settings(mongo.host, database, "  keeps: everything\n  timeout: 5s")
    }

    /// Runs `body` with a MongoDB and two servers.
    private func withTwo(
        _ body: @Sendable @escaping (MongoServer, Homeport, Homeport) async throws -> Void
    ) async throws {
        try await withMongoServer(in: TemporaryFolder()) { mongo in
            let settings = settings(mongo)
            try await withHomeport(in: folder(), settings: settings) { first in
                try await withHomeport(in: folder(), settings: settings) { second in
                    try await body(mongo, first, second)
                }
            }
        }
    }

    private func repository(of server: Homeport, _ name: String = "shared") throws -> SpecRepository {
        try Homeport.$shared.withValue(server) { try SpecRepository(name) }
    }

    @Test func whatOneServerAcknowledgesTheOtherServes() async throws {
        try await withTwo { _, first, second in
            let here = try repository(of: first)
            let there = second.admin
            for number in 0..<10 {
                let image = try await here.pushImage("v\(number)")
                let answer = try await there.get(here.manifest("v\(number)"))
                #expect(answer.status == 200 && answer.body == image.bytes, "\(answer)")
                #expect(try await there.get(here.blob(sha256(image.layer))).status == 200)
            }
            #expect(try await there.get("\(here.base)/tags/list").text.contains("\"v9\""))
            #expect(try await there.delete(here.manifest("v3")).status == 202)
            #expect(try await here.caller.get(here.manifest("v3")).status == 404, "at once")
            // Tags move, back and forth.
            for round in 0..<10 {
                let caller = round.isMultiple(of: 2) ? here.caller : there
                let bytes = try await caller.get(here.manifest("v\(round % 3)")).body
                let put = try await caller.put(
                    here.manifest("latest"), headers: [("Content-Type", OCILayout.imageType)], body: bytes)
                #expect(put.status == 201, "\(put)")
                let other = round.isMultiple(of: 2) ? there : here.caller
                #expect(try await other.get(here.manifest("latest")).body == bytes)
            }
            // Commands beside either server.
            #expect(try await second.command("repo", "list").output.contains(here.name))
            try await second.command("repo", "remove", here.name, "--yes")
            #expect(try await here.caller.get(here.manifest("v1")).status == 404)
            try await first.command("repo", "restore", here.name)
            #expect(try await there.get(here.manifest("v1")).status == 200)
            try await first.command("ban", "add", "192.0.2.9", "--reason", "a test")
            #expect(try await second.command("ban", "list").output.contains("192.0.2.9"))
            #expect(try await second.nobody.get("/readyz").text.hasPrefix("ready\n"))
            let numbers = try await second.nobody.get("/metrics").text
            #expect(numbers.contains("homeport_shared_facts_reachable 1"))
        }
    }

    @Test func manyPushesToBothAreAllKept() async throws {
        try await withTwo { _, first, second in
            let servers = [first, second]
            try await withThrowingTaskGroup(of: (Int, String).self) { tasks in
                for number in 0..<24 {
                    tasks.addTask {
                        let repository = try repository(of: servers[number % 2], "team")
                        try await repository.pushImage("v1")
                        return (number, repository.manifest("v1"))
                    }
                }
                for try await (number, manifest) in tasks {
                    let answer = try await servers[(number + 1) % 2].admin.get(manifest)
                    #expect(answer.status == 200, "\(answer)")
                }
            }
            // Who comes new has all of it, and collecting takes nothing of it.
            try await first.command("gc", "--yes")
            try await withHomeport(in: folder(), settings: settingsOf(first)) { third in
                let listed = try await third.admin.get("/v2/_catalog?n=100")
                #expect((listed.object["repositories"] as? [String])?.count == 24, "\(listed)")
                #expect(try await third.command("verify").status == 0)
            }
        }
    }

    private func settingsOf(_ server: Homeport) throws -> String {
        try String(contentsOfFile: server.folder.path + "/homeport.yaml", encoding: .utf8)
    }

    /// Pulls go on while the MongoDB is away, also at a server that is started then; pushes say why they do not.
    @Test func whileTheMongoDBIsAwayPullsGoOn() async throws {
        let place = try TemporaryFolder()
        let data = try folder()
        try await withMongoServer(in: place) { mongo in
            try await withHomeport(in: data, settings: settings(mongo) + "\n  start_wait: 30s") { server in
                let repository = try repository(of: server)
                try await repository.pushImage("v1")
                let scope = "repository:\(repository.name):pull,push"
                let answer = try await server.admin.get("/token?service=homeport&scope=\(scope)")
                let token = try #require(answer.object["token"] as? String)
                let caller = RegistryCaller(address: server.address, credentials: .bearer(token))
                try await mongo.process.signal("KILL")
                await mongo.process.ended()
                #expect(try await caller.get(repository.manifest("v1")).status == 200)
                let refused = try await caller.post("\(repository.base)/blobs/uploads/")
                #expect(refused.status == 503 && refused["Retry-After"] != nil, "\(refused)")
                let ready = try await server.nobody.get("/readyz")
                #expect(ready.status == 200 && ready.text.contains("shared facts: "), "\(ready)")
                try await withMongoServer(in: place, port: mongo.port) { _ in
                    let clock = ContinuousClock()
                    let end = clock.now + .seconds(20)
                    var started = try await caller.post("\(repository.base)/blobs/uploads/")
                    while started.status == 503, clock.now < end {
                        try await clock.sleep(for: .milliseconds(200))
                        started = try await caller.post("\(repository.base)/blobs/uploads/")
                    }
                    #expect(started.status == 202, "it goes on: \(started)")
                    #expect(try await caller.get(repository.manifest("v1")).status == 200)
                }
            }
        }
    }

    /// What was in a data folder alone is everybody's, once the configuration says so.
    @Test func aServerOnItsOwnBringsWhatItHas() async throws {
        let own = try folder()
        let name = try await withHomeport(in: own) { server in
            let repository = try repository(of: server)
            try await repository.pushImage("v1")
            return repository.manifest("v1")
        }
        try await withMongoServer(in: TemporaryFolder()) { mongo in
            try await withHomeport(in: own, settings: settings(mongo)) { first in
                #expect(try await first.admin.get(name).status == 200)
                try await withHomeport(in: folder(), settings: settings(mongo)) { second in
                    let answer = try await second.admin.get(name)
                    #expect(answer.status == 200)
                }
            }
            let back = try await homeport(["repo", "list"], data: own.path + "/data")
            #expect(back.status != 0 && back.errors.contains("keeps: everything"), "\(back)")
            // A backup stands on its own.
            let backup = own.path + "/backup"
            let configuration = ["--config", own.path + "/homeport.yaml"]
            #expect(
                try await homeport(["backup", backup] + configuration, data: own.path + "/data").status == 0)
            let restored = try TemporaryFolder()
            #expect(try await homeport(["restore", backup], data: restored.path + "/data").status == 0)
            let listed = try await homeport(["repo", "list"], data: restored.path + "/data")
            #expect(listed.status == 0 && listed.output.contains("shared/"), "\(listed)")
        }
    }
}
