import Doorkeeper
import FoundationEssentials
import HTTPKit
import HTTPTypes
import Hummingbird
import Logging
import ServerKit
import TLSKit

/// Asks the faces in turn, turns what goes wrong into an answer, and leaves one log line for each request.
struct EdgeResponder: Sendable {
    let faces: [any Face]
    let trustedProxies: [AddressRange]
    let addressHeader: AddressHeader?
    let nameHeader: NameHeader?
    /// Whether every connection of the listener speaks TLS.
    let isSecure: Bool
    let headers: SecurityHeaders
    let requests: RequestTable
    let doorkeeper: Doorkeeper?
    /// Ends when the last request that began with this responder has been answered.
    var tenure: Tenure?
    /// Of its own, so that access lines can be told from the rest by their label.
    let log = Logger(label: "homeport.access")
    /// For what is logged below a request; its lines have the request's identifier.
    let requestLog = Logger(label: "homeport.request")

    /// - Parameter shown: the certificate that the client has shown.
    func respond(
        to request: Request, context: HomeportContext, shown: ShownCertificate? = nil
    ) async -> Response {
        let start = ContinuousClock.now
        var context = context
        if let given = RequestIdentifier.given(
            request.headers, by: context.clientAddress, trusted: trustedProxies)
        {
            context.logger[metadataKey: "hb.request.id"] = .string(given)
        }
        context.introduction = introduction(request.headers, context.clientAddress, shown)
        context.isByProxy = isTrustedProxy(context.clientAddress)
        let client = ClientAddress(
            peer: context.clientAddress, isSecure: isSecure, authority: request.head.authority ?? "",
            headers: request.headers, trusted: trustedProxies)
        context.clientAddress =
            addressHeader.map { $0.address(in: request.headers, peer: context.clientAddress) }
            ?? client.address
        context.isSecure = client.isSecure
        context.authority = client.authority
        context.takesFileRegions = !isSecure

        let place = requests.enter()
        var log = requestLog
        log[metadataKey: "id"] = .string(context.id)
        let origin = RequestOrigin(address: context.clientAddress, requestID: context.id)
        let isProbe = HealthFace.isProbe(request)
        var response = await withLogger(log) { [context] _ in
            await RequestOrigin.$current.withValue(origin) {
                guard !isProbe else { return await answer(request, context) }
                guard place != nil else { return Self.tooMany() }
                if let refusal = await turnedAway(request, context) { return refusal }
                return await answer(request, context)
            }
        }
        // What a face would send is what HEAD tells of; sent, it would be read as the next answer's
        // beginning.
        if request.method == .head { response = response.createHeadResponse() }
        headers.add(to: &response.headers, isSecure: context.isSecure)
        let line = AccessLine(
            request: request, path: loggedPath(of: request), context: context, status: response.status,
            start: start, log: self.log, place: place, tenure: tenure)
        return line.written(after: response)
    }

    /// Whom somebody who is believed names as the caller. A proxy that is believed speaks for others: its own
    /// certificate names nobody, also when its header does not.
    private func introduction(
        _ headers: HTTPFields, _ peer: String?, _ shown: ShownCertificate?
    ) -> Introduction? {
        if let nameHeader, nameHeader.believes(peer) { return nameHeader.introduction(in: headers) }
        guard let shown else { return nil }
        guard shown.ends > Date() else {
            return Introduction(.certificate, .unusable("the certificate has expired"))
        }
        switch shown.name {
        case .name(let text): return Introduction(.certificate, .name(text, groups: []))
        case .unusable(let sentence): return Introduction(.certificate, .unusable(sentence))
        }
    }

    /// Whoever may write to a unix socket is one where any is trusted.
    private func isTrustedProxy(_ peer: String?) -> Bool {
        guard !trustedProxies.isEmpty, let peer else { return !trustedProxies.isEmpty }
        return trustedProxies.contains { $0.contains(peer) }
    }

    /// The path without secrets: the face it belongs to knows where they are.
    private func loggedPath(of request: Request) -> String {
        let path = String(request.uri.path)
        for face in faces {
            if let safe = face.loggedPath(of: path) { return safe }
        }
        return path
    }

    /// The answer to somebody who is not welcome, or asks too much.
    private func turnedAway(_ request: Request, _ context: HomeportContext) async -> Response? {
        switch await doorkeeper?.verdict(on: context.clientAddress) {
        case .welcome?, nil: return nil
        case .banned(let ban)?:
            EdgeMetrics.refused(.banned)
            return Refusal(status: .forbidden, code: "DENIED", sentence: ban.notice)
                .response(to: request).closingConnection()
        case .tooMany(let seconds)?:
            EdgeMetrics.refused(.budget)
            let sentence = "Too many requests from this address; try again in \(seconds) seconds."
            var response = Refusal(status: .tooManyRequests, code: "TOOMANYREQUESTS", sentence: sentence)
                .response(to: request)
            response.headers[.retryAfter] = "\(seconds)"
            return response
        }
    }

    private static func tooMany() -> Response {
        Response.text(
            "Too many requests are under way here; try again in a moment.\n", status: .serviceUnavailable,
            headers: [.retryAfter: "1"]
        ).closingConnection()
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
    /// Given up when the body has been sent.
    let place: RequestTable.Place?
    let tenure: Tenure?

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
    static let xRequestID = Self("X-Request-Id")!
}
