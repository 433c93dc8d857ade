import Crypto
import Foundation
import HTTPKit
import HTTPTypes
import Harness
import Hummingbird
import NIOCore
import ServerKit
import Testing

/// A file's bytes, and a few ways to ask for them.
struct FileFace: Face {
    let file: TestFile

    func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        file.ask.yield(request.uri.path)
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
        case "/digest":
            var hash = SHA256()
            for try await piece in request.body {
                piece.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            }
            return .text(
                "sha256:" + hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        case "/page": return .text("<p>", headers: [.contentType: "text/html; charset=utf-8"])
        case "/broken": throw CocoaError(.fileNoSuchFile)
        case "/who": return .text((context.clientAddress ?? "-") + (context.isSecure ? " https" : ""))
        case "/origin":
            let origin = RequestOrigin.current
            return .text("\(origin.address ?? "-") \(origin.requestID ?? "-") \(context.id)")
        default: return nil
        }
    }
}

/// A file with bytes that can be told apart by their place.
final class TestFile: FileSource {
    let size = Int64(TestFile.pattern.count)
    let bytes: [UInt8]
    private static let pattern = randomBytes(9 << 20)
    private let handle: FileHandle
    private let path: String
    /// The paths that were asked for, as they are.
    let asked: AsyncStream<String>
    let ask: AsyncStream<String>.Continuation

    init() throws {
        (asked, ask) = AsyncStream.makeStream()
        bytes = Self.pattern
        path = FileManager.default.temporaryDirectory.appending(path: "edge-\(UUID())").path()
        try Data(bytes).write(to: URL(filePath: path))
        handle = try #require(FileHandle(forReadingAtPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var fileDescriptor: CInt? { handle.fileDescriptor }

    /// Waits until somebody has asked for this path.
    func isAsked(for path: String) async {
        for await asked in asked where asked == path { return }
    }

    func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
        ByteBuffer(bytes: bytes[Int(offset)..<min(Int(offset) + count, bytes.count)])
    }
}
