import HTTPKit
import HTTPTypes
import Hummingbird
import Logging

/// Asks the faces in turn, turns what goes wrong into an answer, and leaves one log line for each request.
struct EdgeResponder: HTTPResponder {
    typealias Context = HomeportContext

    let faces: [any Face]
    let trustedProxies: [AddressRange]
    let takesFileRegions: Bool
    /// Of its own, so that access lines can be told from the rest by their label.
    let log = Logger(label: "homeport.access")

    func respond(to request: Request, context: HomeportContext) async throws -> Response {
        let start = ContinuousClock.now
        var context = context
        let client = ClientAddress(
            peer: context.clientAddress, isSecure: context.isSecure, authority: request.head.authority ?? "",
            headers: request.headers, trusted: trustedProxies)
        context.clientAddress = client.address
        context.isSecure = client.isSecure
        context.authority = client.authority
        context.takesFileRegions = takesFileRegions

        var response = await answer(request, context)
        // What a face would send is what HEAD tells of; sent, it would be read as the next answer's beginning.
        if request.method == .head { response = response.createHeadResponse() }
        let line = AccessLine(
            request: request, path: loggedPath(of: request), context: context, status: response.status,
            start: start, log: log)
        return line.written(after: response)
    }

    /// The path without secrets: the face it belongs to knows where they are.
    private func loggedPath(of request: Request) -> String {
        let path = String(request.uri.path)
        for face in faces {
            if let safe = face.loggedPath(of: path) { return safe }
        }
        return path
    }

    private func answer(_ request: Request, _ context: HomeportContext) async -> Response {
        do {
            for face in faces {
                if let response = try await face.respond(to: request, context: context) { return response }
            }
            return .text("Nothing is here.\n", status: .notFound)
        } catch {
            context.logger.error(
                "request failed", metadata: ["error": "\(error)", "path": "\(loggedPath(of: request))"])
            return .text(
                "Something went wrong here; the log knows more under \(context.id).\n",
                status: .internalServerError)
        }
    }
}

/// What is written of a request once it has been answered.
private struct AccessLine {
    let request: Request
    /// Without the secrets that a path may hold.
    let path: String
    let context: HomeportContext
    let status: HTTPResponse.Status
    let start: ContinuousClock.Instant
    let log: Logger

    /// A body in one piece is as good as sent; one that streams is noted when it has ended, with what really
    /// went.
    func written(after response: Response) -> Response {
        var response = response
        response.headers[.xRequestID] = context.id
        if let size = response.body.contentLength, size <= 64 << 10 {
            note(bytes: Int64(size))
            return response
        }
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            do {
                try await body.write(writer)
                note(bytes: Int64(body.contentLength ?? 0))
            } catch {
                note(bytes: 0, isCut: true)
                throw error
            }
        }
        return response
    }

    private func note(bytes: Int64, isCut: Bool = false) {
        let duration = ContinuousClock.now - start
        EdgeMetrics.answered(status: status.code, bytes: bytes, duration: duration)
        var metadata: Logger.Metadata = [
            "id": "\(context.id)", "client": "\(context.clientAddress ?? "unix")",
            "method": "\(request.method.rawValue)", "path": "\(path)", "status": "\(status.code)",
            "bytes": "\(bytes)", "ms": "\(duration.milliseconds)",
        ]
        if isCut { metadata["cut"] = "true" }
        log.info("request", metadata: metadata)
    }
}

extension Duration {
    /// Whole milliseconds.
    fileprivate var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}

extension HTTPField.Name {
    fileprivate static var xRequestID: Self { .init("X-Request-Id")! }
}
