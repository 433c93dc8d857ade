import Contracts
import Foundation
import Harness
import Testing

/// What work costs the program, counted in calls of the system, which are the same on a busy machine. It has
/// a server of its own, so that nobody else's requests are counted.
@Suite(.timeLimit(.minutes(2)), .homeport, .serialized) struct CostTests {
    @Test func aWarmManifestCostsOneWriteForTheAnswerAndOneForTheLog() async throws {
        let repository = try SpecRepository("cost")
        let image = try await repository.pushImage("v1")
        let answer = try await repository.caller.get(
            "/auth/token?service=homeport&scope=repository:\(repository.name):pull")
        let token = try #require(answer.object["token"] as? String)
        let server = repository.server
        let connection = try RawConnection(port: server.port)
        func pull(_ count: Int) async throws {
            for _ in 0..<count {
                try await connection.send(
                    "GET \(repository.manifest("v1")) HTTP/1.1\r\nHost: \(server.address)\r\n"
                        + "Authorization: Bearer \(token)\r\n\r\n")
                #expect(try await connection.readAnswer().body == image.bytes)
            }
        }
        try await pull(20)
        let before = try server.calls()
        try await pull(200)
        let cost = try server.calls() - before
        // Half of one each is left for what else the program does meanwhile.
        #expect(cost.writes < 500, "200 pulls took \(cost.writes) writes")
        #expect(cost.reads < 500, "200 pulls took \(cost.reads) reads")
    }

    @Test func aLargeBlobIsReceivedAndWrittenInLargePieces() async throws {
        let repository = try SpecRepository("cost")
        let bytes = Samples.bytes(64 << 20)
        let location = try await repository.startUpload().adding("digest=\(sha256(bytes))")
        let before = try repository.server.calls()
        #expect(try await repository.caller.put(location, body: bytes).status == 201)
        let cost = try repository.server.calls() - before
        // In pieces of 64 KiB it would be 1,024 writes.
        #expect(cost.writes < 700, "64 MiB took \(cost.writes) writes")
    }
}

@Suite(.timeLimit(.minutes(2))) struct MemoryTests {
    /// The time limit is the test's own: a busy machine comes to it later.
    @Test func anIdleServerLetsGoOfWhatOnlyItsStartNeeded() async throws {
        try await withHomeport { server in
            var (now, most) = try server.memory()
            while now * 5 > most * 4 {
                #expect(try await server.nobody.get("/healthz").status == 200)
                (now, most) = try server.memory()
            }
            #expect(try await server.admin.get("/v2/_catalog").status == 200, "it goes on as before")
        }
    }
}

/// Calls to read and to write, of files and sockets alike.
private struct SystemCalls {
    let reads: Int
    let writes: Int

    static func - (left: Self, right: Self) -> Self {
        Self(reads: left.reads - right.reads, writes: left.writes - right.writes)
    }
}

extension Homeport {
    /// What its process has called so far.
    fileprivate func calls() throws -> SystemCalls {
        let text = try String(contentsOfFile: "/proc/\(process.pid)/io", encoding: .utf8)
        func count(_ name: String) throws -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix("\(name): ") }
            return try #require(line.flatMap { Int($0.dropFirst(name.count + 2)) })
        }
        return SystemCalls(reads: try count("syscr"), writes: try count("syscw"))
    }

    /// What is resident of its process now and was at most, in KiB.
    fileprivate func memory() throws -> (now: Int, most: Int) {
        let text = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        func size(_ name: String) throws -> Int {
            let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            let words = line?.split { $0 == " " || $0 == "\t" } ?? []
            return try #require(words.count > 1 ? Int(words[1]) : nil)
        }
        return (try size("VmRSS"), try size("VmHWM"))
    }
}
