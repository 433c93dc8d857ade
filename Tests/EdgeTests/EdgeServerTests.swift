import Edge
import Foundation
import HTTPKit
import HTTPTypes
import Harness
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

/// A file's bytes, and a few ways to ask for them.
private struct FileFace: Face {
    let file: TestFile

    func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        switch request.uri.path {
        case "/file":
            return Response(status: .ok, body: FileBody.make(file, range: 0..<file.size, context: context))
        case "/part":
            return Response(
                status: .partialContent, body: FileBody.make(file, range: 5..<2_000_005, context: context))
        case "/memory":
            var context = context
            context.takesFileRegions = false
            return Response(status: .ok, body: FileBody.make(file, range: 0..<file.size, context: context))
        case "/refused":
            return Response.text("no", status: .unauthorized).closingConnection()
        case "/length": return .text("\(try await request.bodyBytes(limit: 100)?.readableBytes ?? -1)")
        case "/broken": throw CocoaError(.fileNoSuchFile)
        case "/who": return .text("\(context.clientAddress ?? "-")")
        default: return nil
        }
    }
}

/// A file with bytes that can be told apart by their place.
private final class TestFile: FileSource {
    let size: Int64 = 9 << 20
    let bytes: [UInt8]
    private let handle: FileHandle
    private let path: String

    init() throws {
        bytes = (0..<Int(size)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }
        path = FileManager.default.temporaryDirectory.appending(path: "edge-\(UUID())").path()
        try Data(bytes).write(to: URL(filePath: path))
        handle = try #require(FileHandle(forReadingAtPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var fileDescriptor: CInt? { handle.fileDescriptor }

    func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
        ByteBuffer(bytes: bytes[Int(offset)..<min(Int(offset) + count, bytes.count)])
    }
}

@Suite(.timeLimit(.minutes(2))) struct EdgeServerTests {
    /// Runs a server on a port of its own while `body` runs, then stops it as SIGTERM would.
    private func withServer(
        limits: EdgeConfiguration.Limits = .init(),
        _ body: @Sendable @escaping (Int, TestFile, ServiceGroup) async throws -> Void
    ) async throws {
        let file = try TestFile()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let server = EdgeServer(
            configuration: EdgeConfiguration(address: .hostname("127.0.0.1", port: 0), limits: limits),
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

    @Test func aDownloadThatIsUnderWayWhenTheServerStopsIsWhole() async throws {
        try await withServer { port, file, group in
            for path in ["/file", "/memory"] {
                let connection = try RawConnection(port: port)
                try await connection.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                let start = try await connection.read(atLeast: 1000)
                if path == "/memory" { await group.triggerGracefulShutdown() }
                let rest = try await connection.read(atLeast: file.bytes.count - start.count)
                #expect((start + rest).suffix(file.bytes.count).elementsEqual(file.bytes))
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
            let piece = [UInt8](repeating: 0, count: 1 << 20)
            while sent < 400, try await connection.send(piece) { sent += 1 }
            #expect(sent < 400, "the server must close instead of swallowing 400 MiB")
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

    @Test func aHeadThatIsTooLargeIsRefused() async throws {
        try await withServer(limits: .init(headerSize: 4096)) { port, _, _ in
            let connection = try RawConnection(port: port)
            let many = String(repeating: "a", count: 5000)
            try await connection.send("GET /who HTTP/1.1\r\nHost: x\r\nX-Long: \(many)\r\n\r\n")
            let answer = String(decoding: try await connection.readToEnd(), as: UTF8.self)
            #expect(!answer.hasPrefix("HTTP/1.1 200"), "4 KiB is the limit, 5,000 bytes were sent: \(answer)")
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
            // Stopping waits for running transfers: it ends only because the one that stands still is given up.
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
            #expect(try await fourth.readToEnd().isEmpty)
            withExtendedLifetime(open) {}
        }
    }
}
