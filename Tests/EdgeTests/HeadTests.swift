import Edge
import Foundation
import HTTPKit
import Harness
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

/// Says what it was sent, and counts how often it was asked.
private final class CountingFace: Face {
    let asked = Mutex(0)

    func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        asked.withLock { $0 += 1 }
        do {
            return .text("\(request.method) \(try await request.bodyBytes(limit: 1000)?.readableBytes ?? -1)")
        } catch {
            return Response.text("broken off", status: .badRequest).closingConnection()
        }
    }
}

/// What the door takes for a request, and what it does not, over real sockets.
@Suite(.timeLimit(.minutes(2))) struct HeadTests {
    private func withServer(
        limits: EdgeConfiguration.Limits = .init(),
        _ body: @Sendable @escaping (Int, CountingFace) async throws -> Void
    ) async throws {
        let face = CountingFace()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = EdgeServer(
            configuration: EdgeConfiguration(address: .hostname("127.0.0.1", port: 0), limits: limits),
            faces: [face]
        ) { address in port.yield(address.port ?? 0) }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: server)], logger: .init(label: "test")))
        try await withThrowingTaskGroup { tasks in
            tasks.addTask { try await group.run() }
            try await body(try #require(await ports.first { _ in true }), face)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func answers(to text: String, port: Int) async throws -> String {
        let connection = try RawConnection(port: port)
        try await connection.send(text)
        return String(decoding: try await connection.readToEnd(), as: UTF8.self)
    }

    /// Heads that two servers in a row could read differently. After each follows what could be taken for a
    /// second request, which must never be answered.
    static let ambiguous = [
        "a length and a coding":
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a coding and a length":
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        "two lengths": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
        "two equal lengths": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "a list of lengths": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0, 0\r\n\r\n",
        "a signed length": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n",
        "a negative length": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "a length in hexadecimal": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x0\r\n\r\n",
        "a length beyond all numbers":
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
        "another coding": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "the coding twice":
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a coding that is not last":
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "a coding behind a tab":
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\u{0B}chunked\r\n\r\n0\r\n\r\n",
        "a space before the colon":
            "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "a coding in HTTP/1.0": "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "a folded field": "GET / HTTP/1.1\r\nHost: x\r\nX-Long: a\r\n b\r\n\r\n",
        "a folded coding": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "a field that begins with a space": "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        "lines that end with LF": "GET / HTTP/1.1\nHost: x\n\n",
        "one line that ends with LF": "GET / HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n",
        "a CR alone": "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\rX-B: c\r\n\r\n",
        "a NUL": "GET / HTTP/1.1\r\nHost: x\r\nX-A: b\u{0}c\r\n\r\n",
        "two hosts": "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "two equal hosts": "GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n",
        "no host": "GET / HTTP/1.1\r\nAccept: a\r\n\r\n",
        "no field name": "GET / HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n",
        "no version": "GET /\r\nHost: x\r\n\r\n",
        "another protocol": "SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ]

    @Test(arguments: ambiguous.keys.sorted()) func anAmbiguousHeadIsRefused(_ name: String) async throws {
        let text = try #require(Self.ambiguous[name])
        try await withServer { port, face in
            let all = try await answers(to: text + "GET /second HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            #expect(all.hasPrefix("HTTP/1.1 400 ") || all.hasPrefix("HTTP/1.1 505 "), "\(name): \(all)")
            let answers = all.split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.1 ") }
            #expect(answers.count == 1, "\(name): one answer, not \(all)")
            #expect(all.lowercased().contains("connection: close"))
            #expect(face.asked.withLock { $0 } == 0, "\(name): no face saw it")
        }
    }

    /// Bodies that break the rules after a proper head: the face may have been asked, but nothing after them
    /// is.
    static let brokenBodies = [
        "no hexadecimal digits": "xyz\r\n\r\n", "a negative size": "-1\r\nab\r\n0\r\n\r\n",
        "a size beyond all numbers": "fffffffffffffffff\r\na\r\n0\r\n\r\n",
        "a size with 0x": "0x2\r\nab\r\n0\r\n\r\n", "spaces before the size": "  2\r\nab\r\n0\r\n\r\n",
        "a size line that ends with LF": "2\nab\r\n0\r\n\r\n",
        "a chunk longer than its size": "2\r\nabc\r\n0\r\n\r\n",
        "a chunk that ends with LF": "2\r\nab\n0\r\n\r\n",
    ]

    @Test(arguments: brokenBodies.keys.sorted()) func aBrokenChunkEndsTheConnection(_ name: String)
        async throws
    {
        let body = try #require(Self.brokenBodies[name])
        try await withServer { port, face in
            let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            let all = try await answers(
                to: head + body + "GET /second HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            #expect(all.hasPrefix("HTTP/1.1 400 "), "\(name): \(all)")
            #expect(!all.contains("HTTP/1.1 200"), "\(name): \(all)")
            #expect(face.asked.withLock { $0 } <= 1)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: TE , Close\r\n\r\n",
        "POST / HTTP/1.0\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
    ]) func aConnectionThatIsToEndEndsAfterItsAnswer(_ text: String) async throws {
        try await withServer { port, face in
            let all = try await answers(to: text + "GET /second HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            #expect(all.hasPrefix("HTTP/1.1 200 "), "\(all)")
            #expect(all.lowercased().contains("\r\nconnection: close\r\n"), "it says so: \(all)")
            #expect(all.components(separatedBy: "HTTP/1.").count == 2, "and that was it: \(all)")
            #expect(face.asked.withLock { $0 } == 1)
        }
    }

    @Test func whatCameBeforeTheLastRequestIsAnsweredFirst() async throws {
        try await withServer { port, face in
            let request = "GET / HTTP/1.1\r\nHost: x\r\n"
            let all = try await answers(
                to: request + "\r\n" + request + "Connection: close\r\n\r\n" + request + "\r\n", port: port)
            let answers = all.components(separatedBy: "HTTP/1.1 200 ").dropFirst()
            #expect(answers.count == 2, "\(all)")
            #expect(answers.map { $0.lowercased().contains("connection: close") } == [false, true], "\(all)")
            #expect(face.asked.withLock { $0 } == 2)
        }
    }

    @Test func whatIsProperIsServed() async throws {
        try await withServer { port, _ in
            let proper = [
                "GET / HTTP/1.1\r\nHost: x\r\n\r\n": "get 0", "GET / HTTP/1.0\r\n\r\n": "get 0",
                "POST / HTTP/1.1\r\nHost: x\r\ntransfer-encoding: Chunked\r\n\r\n2\r\nab\r\n3;a=b\r\ncde\r\n0\r\n\r\n":
                    "5",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:   3  \r\n\r\nabc": "3",
            ]
            for (text, answer) in proper {
                let connection = try RawConnection(port: port)
                try await connection.send(text)
                let (head, body) = try await connection.readAnswer()
                #expect(head.hasPrefix("HTTP/1.1 200") || head.hasPrefix("HTTP/1.0 200"), "\(text): \(head)")
                let last = answer.split(separator: " ").last ?? ""
                #expect(String(decoding: body, as: UTF8.self).hasSuffix(" \(last)"))
            }
        }
    }

    @Test(arguments: ["one long field", "many fields", "a long path"])
    func aHeadThatIsTooLargeIsRefusedWithWords(_ kind: String) async throws {
        let long = String(repeating: "a", count: 6000)
        let text =
            switch kind {
            case "one long field": "GET / HTTP/1.1\r\nHost: x\r\nX-Long: \(long)\r\n\r\n"
            case "many fields":
                "GET / HTTP/1.1\r\nHost: x\r\n" + (0..<60).map { "X-\($0): a\r\n" }.joined() + "\r\n"
            default: "GET /\(long) HTTP/1.1\r\nHost: x\r\n\r\n"
            }
        try await withServer(limits: .init(headerSize: 4096, headerCount: 50)) { port, face in
            let all = try await answers(to: text, port: port)
            #expect(all.hasPrefix("HTTP/1.1 431 "), "\(all)")
            #expect(
                all.contains("more than this server takes") && all.lowercased().contains("connection: close"))
            #expect(face.asked.withLock { $0 } == 0)
        }
    }

    @Test func aHeadThatComesTooSlowlyIsRefusedHoweverOftenAByteComes() async throws {
        try await withServer(limits: .init(headTime: .milliseconds(600))) { port, _ in
            let connection = try RawConnection(port: port)
            let start = ContinuousClock.now
            var wasTaken = try await connection.send("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            let clock = ContinuousClock()
            while wasTaken, clock.now - start < .seconds(20), try await !connection.hasBytes() {
                wasTaken = try await connection.send("a")
                try await clock.sleep(for: .milliseconds(50))
            }
            let all = String(decoding: try await connection.readToEnd(), as: UTF8.self)
            #expect(all.hasPrefix("HTTP/1.1 408 "), "\(all)")
            #expect(ContinuousClock.now - start >= .milliseconds(600))
        }
    }

    @Test func theTimeOfAHeadBeginsAnewWithEachRequest() async throws {
        try await withServer(limits: .init(headTime: .seconds(2))) { port, _ in
            var connection = try RawConnection(port: port)
            let clock = ContinuousClock()
            var start = clock.now
            while clock.now - start < .seconds(4) {
                let begin = clock.now
                try await connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n")
                try await clock.sleep(for: .milliseconds(300))
                try await connection.send("\r\na")
                guard clock.now - begin < .milliseconds(1500) else {
                    // A busy machine made this client late itself.
                    connection = try RawConnection(port: port)
                    start = clock.now
                    continue
                }
                let (head, body) = try await connection.readAnswer()
                let text = "\(head)\(String(decoding: body, as: UTF8.self))"
                try #require(head.hasPrefix("HTTP/1.1 200"), "\(text)")
            }
        }
    }

    @Test func moreRequestsThanThereIsRoomForAreToldToComeBack() async throws {
        try await withServer(limits: .init(requests: 2)) { port, _ in
            let busy = try (0..<2).map { _ in try RawConnection(port: port) }
            for connection in busy {
                try await connection.send(
                    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
                // Leave to go on says that the request is under way.
                #expect(try await connection.readAnswer().head.hasPrefix("HTTP/1.1 100"))
            }
            let all = try await answers(to: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            #expect(all.hasPrefix("HTTP/1.1 503 ") && all.contains("Retry-After: 1\r\n"), "\(all)")
            for connection in busy {
                try await connection.send("a")
                #expect(try await connection.readAnswer().head.hasPrefix("HTTP/1.1 200"))
            }
            let after = try RawConnection(port: port)
            try await after.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await after.readAnswer().head.hasPrefix("HTTP/1.1 200"))
        }
    }
}
