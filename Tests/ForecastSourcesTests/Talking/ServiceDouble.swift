import AsyncHTTPClient
import ForecastSources
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A weather service that answers what a test tells it to, well or badly.
final class ServiceDouble: Sendable {
    struct Question: Sendable {
        /// The path and what follows it, as they came.
        let target: String
        let headers: HTTPFields

        var path: String { String(target.prefix { $0 != "?" }) }
    }

    enum Reply: Sendable {
        case full(Int, HTTPFields, String)
        /// The connection ends in the middle of what was promised.
        case cut(String)
        /// Nothing ever comes.
        case silence

        static func answer(_ status: Int, _ text: String) -> Reply { .full(status, [:], text) }

        static func answer(_ status: Int, _ headers: HTTPFields, _ text: String) -> Reply {
            .full(status, headers, text)
        }
    }

    private let seen = Mutex<[Question]>([])
    private let reply: @Sendable (Question) -> Reply

    init(_ reply: @escaping @Sendable (Question) -> Reply) { self.reply = reply }

    /// What has been asked, in order.
    var questions: [Question] { seen.withLock { $0 } }

    func serve<Value: Sendable>(
        _ body: @Sendable @escaping (_ root: String) async throws -> Value
    ) async throws -> Value {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        var log = Logger(label: "weather-double")
        log.logLevel = .critical
        let app = Application(
            responder: CallbackResponder { (request: Request, _: BasicRequestContext) in
                try await self.respond(to: request)
            },
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                continuation.yield(channel.localAddress?.port ?? 0)
                continuation.finish()
            }, logger: log)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.runService(gracefulShutdownSignals: []) }
            var port: Int?
            for await number in ports { port = number }
            defer { group.cancelAll() }
            return try await body("http://127.0.0.1:\(port ?? 0)")
        }
    }

    private func respond(to request: Request) async throws -> Response {
        let question = Question(target: request.uri.string, headers: request.headers)
        seen.withLock { $0.append(question) }
        switch reply(question) {
        case .full(let status, let headers, let text):
            return Response(
                status: .init(code: status), headers: headers,
                body: .init(byteBuffer: ByteBuffer(string: text)))
        case .cut(let text):
            return Response(
                status: .ok,
                body: .init(contentLength: text.utf8.count + 100) { writer in
                    try await writer.write(ByteBuffer(string: text))
                    throw CancellationError()
                })
        case .silence:
            let (nothing, end) = AsyncStream<Void>.makeStream()
            for await _ in nothing {}
            end.finish()
            return Response(status: .ok)
        }
    }
}

extension HTTPClient {
    /// The client of the adapter, for all tests; it lives as long as they do.
    static let weather = ForecastServices.makeClient()
}
