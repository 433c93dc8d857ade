import Edge
import Foundation
import HTTPKit
import Harness
import Hummingbird
import Logging
import NIOCore
import ServerKit
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(2))) struct EdgeServerTests {
    /// Runs a server on a port of its own while `body` runs, then stops it as SIGTERM would.
    private func withServer(
        limits: EdgeConfiguration.Limits = .init(), trusting proxies: [String] = [],
        _ body: @Sendable @escaping (Int, TestFile, ServiceGroup) async throws -> Void
    ) async throws {
        let file = try TestFile()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = EdgeServer(
            configuration: EdgeConfiguration(
                address: .hostname("127.0.0.1", port: 0), limits: limits,
                trustedProxies: proxies.compactMap(AddressRange.init)),
            faces: [HealthFace(checks: []), FileFace(file: file)]
        ) { address in port.yield(address.port ?? 0) }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: .init(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            let number = try #require(await ports.first { _ in true })
            try await body(number, file, group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func get(_ path: String, _ connection: RawConnection, more: String = "") async throws -> (
        head: String, body: [UInt8]
    ) {
        try await connection.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\(more)\r\n")
        return try await connection.readAnswer()
    }

    @Test func aFileIsWholeByTheKernelAndThroughMemoryOnOneConnection() async throws {
        try await withServer { port, file, _ in
            let connection = try RawConnection(port: port)
            for _ in 0..<3 {
                #expect(try await get("/file", connection).body == file.bytes)
                #expect(try await get("/part", connection).body == Array(file.bytes[5..<2_000_005]))
                #expect(try await get("/memory", connection).body == file.bytes)
                #expect(
                    String(decoding: try await get("/who", connection).body, as: UTF8.self) == "127.0.0.1")
            }
        }
    }

    @Test func whatRunsBelowARequestKnowsWhereItComesFrom() async throws {
        try await withServer { port, _, _ in
            let connection = try RawConnection(port: port)
            let (head, body) = try await get("/origin", connection, more: "X-Request-Id: forged\r\n")
            let words = String(decoding: body, as: UTF8.self).split(separator: " ").map(String.init)
            #expect(words.count == 3 && words[0] == "127.0.0.1" && words[1] == words[2], "\(words)")
            #expect(words[1] != "forged", "not everybody may say what stands in the log")
            #expect(head.lowercased().contains("x-request-id: \(words[1])"), "\(head)")
            let other = try await get("/origin", connection).body
            #expect(other != body, "each request has one of its own")
        }
    }

    @Test func aTrustedProxySaysWhichRequestItIs() async throws {
        try await withServer(trusting: ["127.0.0.1"]) { port, _, _ in
            let connection = try RawConnection(port: port)
            let given = "a-B_9.:+/=@"
            let (head, body) = try await get(
                "/origin", connection,
                more: "X-Request-Id: \(given)\r\nX-Forwarded-For: 203.0.113.9\r\n")
            #expect(String(decoding: body, as: UTF8.self) == "203.0.113.9 \(given) \(given)")
            #expect(head.contains(given), "\(head)")
            for bad in ["two words", "a\"b", "", String(repeating: "x", count: 129), "tab\there"] {
                let answer = try await get("/origin", connection, more: "X-Request-Id: \(bad)\r\n")
                let id = String(decoding: answer.body, as: UTF8.self).split(separator: " ").last ?? ""
                #expect(!id.isEmpty && !String(id).contains(bad.isEmpty ? " " : bad), "\(bad)")
            }
        }
    }

    @Test func aDownloadThatIsUnderWayWhenTheServerStopsIsWhole() async throws {
        try await withServer { port, file, group in
            for path in ["/file", "/memory"] {
                let connection = try RawConnection(port: port)
                try await connection.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                let start = try await connection.read(atLeast: 1000)
                if path == "/memory" { await group.triggerGracefulShutdown() }
                let head = try #require(start.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
                let rest = try await connection.read(atLeast: head + file.bytes.count - start.count)
                #expect((start + rest)[head...].elementsEqual(file.bytes))
            }
        }
    }

    @Test func aRefusedBodyIsNotReadToItsEnd() async throws {
        try await withServer { port, _, _ in
            let connection = try RawConnection(port: port)
            try await connection.send(
                "PUT /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000000\r\n\r\n")
            let head = try await connection.readAnswer().head
            #expect(head.hasPrefix("HTTP/1.1 401"))
            #expect(head.lowercased().contains("connection: close"))
            var sent = 0
            let piece = [UInt8](repeating: 0, count: 1 << 18)
            while sent < 400 << 20, try await connection.send(piece) { sent += piece.count }
            // What the sockets of both sides hold, and the first MiB, which the server throws away.
            #expect(sent < 16 << 20, "the server must close instead of swallowing \(sent) bytes")
        }
    }

    @Test func whatNoFaceKnowsIsNotFoundAndWhatBreaksSaysLittle() async throws {
        try await withServer { port, _, _ in
            let connection = try RawConnection(port: port)
            #expect(try await get("/nothing", connection).head.hasPrefix("HTTP/1.1 404"))
            let broken = try await get("/broken", connection)
            #expect(broken.head.hasPrefix("HTTP/1.1 500"))
            #expect(!String(decoding: broken.body, as: UTF8.self).contains("Cocoa"))
            #expect(try await get("/healthz", connection).head.hasPrefix("HTTP/1.1 200"))
            #expect(try await get("/readyz", connection).head.hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func aClientThatWaitsForLeaveIsToldToGoOn() async throws {
        try await withServer { port, _, _ in
            let connection = try RawConnection(port: port)
            let fields = "Host: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
            try await connection.send("PUT /length HTTP/1.1\r\n" + fields)
            #expect(try await connection.readAnswer().head == "HTTP/1.1 100 Continue\r\n\r\n")
            try await connection.send("hello")
            #expect(try await connection.readAnswer().body == Array("5".utf8))
            try await connection.send("PUT /refused HTTP/1.1\r\n" + fields)
            // On a slow machine leave may come before the refusal.
            var head = try await connection.readAnswer().head
            if head.hasPrefix("HTTP/1.1 100") { head = try await connection.readAnswer().head }
            #expect(head.hasPrefix("HTTP/1.1 401"))
        }
    }

    @Test func headTellsOfABodyAndSendsNone() async throws {
        try await withServer { port, file, _ in
            for path in ["/file", "/healthz"] {
                let connection = try RawConnection(port: port)
                try await connection.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                try await connection.send("GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let all = String(decoding: try await connection.readToEnd(), as: UTF8.self)
                let length = path == "/file" ? file.bytes.count : 3
                #expect(all.contains("Content-Length: \(length)\r\n"))
                #expect(all.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
                #expect(all.hasSuffix("\r\n\r\n127.0.0.1"))
                #expect(all.utf8.count < 1000, "the first answer has no body")
            }
        }
    }

    @Test func aConnectionThatSaysNothingIsClosed() async throws {
        try await withServer(limits: .init(idleTime: .milliseconds(200))) { port, _, _ in
            let connection = try RawConnection(port: port)
            try await connection.send("GET /who HTTP/1.1\r\nHost: x\r\n")
            #expect(try await connection.readToEnd().isEmpty, "half a request gets no answer, only the end")
        }
    }

    @Test func aClientThatTakesNothingIsClosed() async throws {
        try await withServer(limits: .init(writeTime: .milliseconds(300))) { port, file, group in
            let connection = try RawConnection(port: port)
            try await connection.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
            // Stopping waits for running transfers: it ends only because the one that stands still is given
            // up.
            await group.triggerGracefulShutdown()
        }
    }

    @Test func oneAddressCannotTakeEveryConnection() async throws {
        try await withServer(limits: .init(connectionsPerAddress: 3)) { port, _, _ in
            let open = try (0..<3).map { _ in try RawConnection(port: port) }
            for connection in open {
                #expect(try await get("/who", connection).head.hasPrefix("HTTP/1.1 200"))
            }
            let fourth = try RawConnection(port: port)
            try await fourth.send("GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = String(decoding: try await fourth.readToEnd(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 429 ") && answer.contains("Retry-After: 5\r\n"), "\(answer)")
            for connection in open {
                #expect(try await get("/who", connection).head.hasPrefix("HTTP/1.1 200"))
            }
        }
    }
}
