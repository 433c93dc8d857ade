import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Google's Calendar API in memory, as far as it is used: calendars, events, batches and the token endpoint,
/// with the refusals that the real one is known for. Google's own Python client is content with it.
final class GoogleDouble: Sendable {
    struct Reply: Sendable {
        var status: Int
        var body: JSONValue?
        var retryAfter: Int?

        init(_ status: Int, _ body: JSONValue? = nil, retryAfter: Int? = nil) {
            self.status = status
            self.body = body
            self.retryAfter = retryAfter
        }

        static func problem(_ status: Int, _ reason: String, _ message: String = "", retryAfter: Int? = nil)
            -> Reply
        {
            let item: JSONValue = .object(["reason": .string(reason), "domain": .string("global")])
            let error: JSONValue = .object([
                "code": .number(Double(status)), "message": .string(message), "errors": .array([item]),
            ])
            return Reply(status, .object(["error": error]), retryAfter: retryAfter)
        }
    }

    struct Calendar: Sendable {
        var fields: JSONValue
        var events: [String: JSONValue] = [:]
    }

    struct State: Sendable {
        var calendars: [String: Calendar] = [:]
        /// Access tokens that are taken.
        var tokens: Set<String> = []
        var tokensIssued = 0
        /// The challenge that belongs to a code of a person (RFC 7636).
        var challenges: [String: String] = [:]
        /// What service accounts came with.
        var assertions: [String] = []
        var versions = 0
        /// What has been asked, as `PUT events`; parts of a batch by themselves.
        var calls: [String] = []
        var requests = 0
        /// What is wrong with the bodies that came.
        var complaints: [String] = []
        /// Answers to give instead, to the next calls whose name begins so.
        var failures: [(call: String, reply: Reply)] = []
        /// After so many more writes everything answers 500, as when the program is killed.
        var writesLeft = Int.max
        /// Whether deleted events may be brought back.
        var revives = true
        /// Whether the token may list calendars.
        var listsCalendars = true
        var pageMax = 250
        var refreshIsRevoked = false

        /// The writes that have been carried out.
        var writes: [String] {
            calls.filter {
                !$0.hasPrefix("GET") && !$0.hasPrefix("POST batch") && !$0.hasPrefix("POST token")
            }
        }
    }

    let schemas: DiscoverySchemas
    private let guarded = Mutex(State())

    init() throws { self.schemas = try DiscoverySchemas() }

    func withState<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        guarded.withLock { body(&$0) }
    }

    /// The living events of all calendars.
    var visible: [JSONValue] {
        withState { state in
            state.calendars.values.flatMap { $0.events.values }.filter { $0["status"]?.text != "cancelled" }
        }
    }

    /// Serves while `body` runs.
    func serve<Value: Sendable>(_ body: @Sendable @escaping (_ root: String) async throws -> Value)
        async throws -> Value
    {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        var log = Logger(label: "google-double")
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
            let value = try await body("http://127.0.0.1:\(port ?? 0)")
            group.cancelAll()
            return value
        }
    }

    private func respond(to request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: 16 << 20)
        let bytes = Array(body.readableBytesView)
        let query = Dictionary(request.uri.queryParameters.map { (String($0.key), String($0.value)) }) { $1 }
        withState { $0.requests += 1 }
        if request.uri.path == "/token" { return response(token(bytes)) }
        let authorization = request.headers[.authorization] ?? ""
        guard withState({ $0.tokens.contains(String(authorization.dropFirst("Bearer ".count))) }) else {
            withState { $0.calls.append("401") }
            return response(.problem(401, "authError", "Invalid Credentials"))
        }
        if request.uri.path == "/batch/calendar/v3" {
            withState { $0.calls.append("POST batch") }
            return batch(bytes, contentType: request.headers[.contentType] ?? "")
        }
        let call = APICall(
            method: request.method.rawValue, path: request.uri.path, query: query,
            ifMatch: request.headers[.ifMatch], body: bytes)
        return response(answer(call))
    }

    private func response(_ reply: Reply) -> Response {
        var headers: HTTPFields = [.contentType: "application/json; charset=UTF-8"]
        if let seconds = reply.retryAfter { headers[.retryAfter] = String(seconds) }
        return Response(
            status: .init(code: reply.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: reply.body?.bytes ?? [])))
    }

    /// Each part is answered by itself, the last one first, for the order is not promised.
    private func batch(_ bytes: [UInt8], contentType: String) -> Response {
        let text = String(decoding: bytes, as: UTF8.self)
        let boundary = contentType.split(separator: "boundary=").last.map { $0.filter { $0 != "\"" } } ?? ""
        var parts: [String] = []
        for part in text.components(separatedBy: "--\(boundary)").dropFirst() where !part.hasPrefix("--") {
            guard let call = APICall(part: part) else { continue }
            let reply = answer(call)
            var lines =
                "--answer\r\nContent-Type: application/http\r\nContent-ID: <response-\(call.contentID)>\r\n\r\n"
            lines += "HTTP/1.1 \(reply.status) X\r\nContent-Type: application/json; charset=UTF-8\r\n"
            if let seconds = reply.retryAfter { lines += "Retry-After: \(seconds)\r\n" }
            let json = String(decoding: reply.body?.bytes ?? [], as: UTF8.self)
            parts.append(lines + "Content-Length: \(json.utf8.count)\r\n\r\n\(json)\r\n")
        }
        let whole = parts.reversed().joined() + "--answer--\r\n"
        return Response(
            status: .ok, headers: [.contentType: "multipart/mixed; boundary=answer"],
            body: .init(byteBuffer: ByteBuffer(string: whole)))
    }
}
