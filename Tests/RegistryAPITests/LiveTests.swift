import Contracts
import Edge
import FileBlobs
import Foundation
import Harness
import Hummingbird
import Logging
import NIOCore
import OCI
import Registry
import RegistryAPI
import SQLiteStore
import ServerKit
import ServiceLifecycle
import Testing

/// What only a real connection and real files can show.
@Suite(.timeLimit(.minutes(2))) struct LiveTests {
    private static let sample = Samples.bytes(8 << 20)
    private static let sampleDigest = Samples.digest(of: sample)
    private var bytes: [UInt8] { Self.sample }
    private var digest: Digest { Self.sampleDigest }

    /// Serves a registry on files at a port of its own while `body` runs.
    private func withServer(_ body: @Sendable @escaping (Int) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        let store = try SQLiteStore(path: folder.path + "/homeport.sqlite")
        let registry = Registry(
            blobs: try FileBlobs(root: folder.path, threads: BlockingThreads(count: 2, queueMax: 100)),
            links: store, manifests: store, ledger: store, garbage: store,
            generation: { store.foreignRegistryGeneration }, now: { Date() })
        let api = RegistryAPI(
            registry: registry, authorizer: Guardian(rules: { $0.account == "alice" }),
            tokens: TokenSource(service: "test"))
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = EdgeServer(
            configuration: EdgeConfiguration(address: .hostname("127.0.0.1", port: 0)), faces: [api]
        ) { address in port.yield(address.port ?? 0) }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: .init(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let number = try #require(await ports.first { _ in true })
            try await body(number)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        try await store.close()
        withExtendedLifetime(folder) {}
    }

    private func ask(
        _ line: String, _ connection: RawConnection, _ headers: [String] = [], body: [UInt8] = []
    ) async throws -> (head: String, body: [UInt8]) {
        let fields = (["Host: hub.example", "Authorization: Basic alice"] + headers).map { "\($0)\r\n" }
        let length = body.isEmpty ? "" : "Content-Length: \(body.count)\r\n"
        try await connection.send("\(line) HTTP/1.1\r\n\(fields.joined())\(length)\r\n")
        if !body.isEmpty { try await connection.send(body) }
        return try await connection.readAnswer()
    }

    private func location(_ head: String) throws -> String {
        let line = try #require(
            head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("location:") })
        return String(line.dropFirst(9).drop { $0 == " " })
    }

    private func begin(_ connection: RawConnection) async throws -> String {
        try location(try await ask("POST /v2/app/blobs/uploads/", connection, ["Content-Length: 0"]).head)
    }

    @Test func aBlobGoesInAndComesOutOnOneConnection() async throws {
        try await withServer { port in
            let connection = try RawConnection(port: port)
            let path = try await begin(connection)
            let put = try await ask("PUT \(path)?digest=\(digest)", connection, body: bytes)
            #expect(put.head.hasPrefix("HTTP/1.1 201"))
            #expect(try await ask("GET /v2/app/blobs/\(digest)", connection).body.elementsEqual(bytes))
            let part = try await ask("GET /v2/app/blobs/\(digest)", connection, ["Range: bytes=5-4000004"])
            #expect(part.head.hasPrefix("HTTP/1.1 206"))
            #expect(part.body.elementsEqual(bytes[5...4_000_004]))
        }
    }

    @Test func anImageIsPushedFoundPulledAndRemoved() async throws {
        try await withServer { port in
            let connection = try RawConnection(port: port)
            let config = Samples.digest(of: [123, 125])
            _ = try await ask("POST /v2/app/blobs/uploads/?digest=\(config)", connection, body: [123, 125])
            let manifest = try Samples.image(config: config, subject: Samples.digest(1), artifactType: "a/b")
            let digest = Samples.digest(of: manifest.bytes)
            let type = ["Content-Type: \(MediaType.imageManifest)"]
            let missing = try Samples.image(config: config, layers: [Samples.digest(2)])
            let refused = try await ask("PUT /v2/app/manifests/v1", connection, type, body: missing.bytes)
            #expect(refused.head.hasPrefix("HTTP/1.1 404"))
            let path = "/v2/app/manifests/\(digest)"
            let pushed = try await ask("PUT \(path)?tag=v1&tag=v2", connection, type, body: manifest.bytes)
            #expect(pushed.head.hasPrefix("HTTP/1.1 201"))
            let mounted = try await ask(
                "POST /v2/other/blobs/uploads/?mount=\(config)&from=app", connection, ["Content-Length: 0"])
            #expect(mounted.head.hasPrefix("HTTP/1.1 201"))
            for _ in 0..<2 {
                #expect(try await ask("GET /v2/app/manifests/v2", connection).body == manifest.bytes)
                #expect(try await ask("GET \(path)", connection).body == manifest.bytes)
            }
            let tags = String(
                decoding: try await ask("GET /v2/app/tags/list", connection).body, as: UTF8.self)
            #expect(tags == "{\"name\":\"app\",\"tags\":[\"v1\",\"v2\"]}\n")
            let names = String(decoding: try await ask("GET /v2/_catalog", connection).body, as: UTF8.self)
            #expect(names == "{\"repositories\":[\"app\"]}\n")
            let referrers = "GET /v2/app/referrers/\(Samples.digest(1))?artifactType=a/b"
            let list = String(decoding: try await ask(referrers, connection).body, as: UTF8.self)
            #expect(list.contains("\(digest)"))
            #expect(try await ask("DELETE \(path)", connection).head.hasPrefix("HTTP/1.1 202"))
            for gone in [path, "/v2/app/manifests/v1", "/v2/app/manifests/v2"] {
                #expect(try await ask("GET \(gone)", connection).head.hasPrefix("HTTP/1.1 404"))
            }
        }
    }

    @Test func answersWithoutABodyLeaveTheConnectionInOrder() async throws {
        try await withServer { port in
            let connection = try RawConnection(port: port)
            let path = try await begin(connection)
            let status = try await ask("GET \(path)", connection)
            #expect(status.head.hasPrefix("HTTP/1.1 204"))
            #expect(!status.head.lowercased().contains("transfer-encoding"))
            _ = try await ask("PUT \(path)?digest=\(digest)", connection, body: bytes)
            let same = try await ask(
                "GET /v2/app/blobs/\(digest)", connection, ["If-None-Match: \"\(digest)\""])
            #expect(same.head.hasPrefix("HTTP/1.1 304"))
            #expect(same.body.isEmpty)
            #expect(!same.head.lowercased().contains("transfer-encoding"))
            try await connection.send(
                "HEAD /v2/app/blobs/\(digest) HTTP/1.1\r\nHost: x\r\nAuthorization: Basic alice\r\n\r\n"
                    + "DELETE /v2/app/blobs/\(digest) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + "Authorization: Basic alice\r\n\r\n")
            let text = String(decoding: try await connection.readToEnd(), as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 200"))
            #expect(text.contains("Content-Length: \(bytes.count)"))
            #expect(text.contains("HTTP/1.1 202"))
        }
    }

    @Test func aPushGoesOnAfterTheConnectionWasCut() async throws {
        try await withServer { port in
            let path: String
            do {
                let connection = try RawConnection(port: port)
                path = try await begin(connection)
                try await connection.send(
                    "PATCH \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Basic alice\r\n"
                        + "Content-Length: \(bytes.count)\r\n\r\n")
                try await connection.send(Array(bytes[..<(5 << 20)]))
            }
            var connection = try RawConnection(port: port)
            var answer = try await ask("GET \(path)", connection).head
            // While bytes of the cut connection still come in, the answer may be overtaken, and says so.
            repeat {
                let range = try #require(answer.split(separator: "\r\n").first { $0.hasPrefix("Range: 0-") })
                let next = try #require(Int(range.dropFirst(9))) + 1
                #expect((1...(5 << 20)).contains(next))
                // A refused body ends the connection it came by.
                connection = try RawConnection(port: port)
                answer = try await ask(
                    "PATCH \(path)", connection, ["Content-Range: \(next)-\(bytes.count - 1)"],
                    body: Array(bytes[next...])
                ).head
            } while answer.hasPrefix("HTTP/1.1 416")
            #expect(answer.hasPrefix("HTTP/1.1 202"))
            let put = try await ask("PUT \(path)?digest=\(digest)", connection, ["Content-Length: 0"])
            #expect(put.head.hasPrefix("HTTP/1.1 201"))
        }
    }

    @Test func aLargeBodyThatIsRefusedEndsTheConnection() async throws {
        try await withServer { port in
            let connection = try RawConnection(port: port)
            try await connection.send(
                "PATCH /v2/app/blobs/uploads/\(Samples.uploadID(1)) HTTP/1.1\r\nHost: x\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n")
            let head = try await connection.readAnswer().head
            #expect(head.hasPrefix("HTTP/1.1 401"))
            #expect(head.lowercased().contains("connection: close"))
        }
    }
}
