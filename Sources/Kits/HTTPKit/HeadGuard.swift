import HTTPTypes
import NIOCore
import NIOHTTP1

/// A request that is answered by the connection itself: its head is not as it must be, or did not come in
/// time.
struct BadRequest: Error {
    let words: LastWords

    init(_ status: HTTPResponse.Status, _ text: String) { self.words = LastWords(status, text) }

    /// What a parser's complaint is to the client.
    init?(_ error: any Error) {
        switch error {
        case let bad as BadRequest: self = bad
        case HTTPParserError.headerOverflow:
            self.init(
                .requestHeaderFieldsTooLarge,
                "The request's line and header fields are more than this server takes.")
        case HTTPParserError.invalidVersion:
            self.init(.httpVersionNotSupported, "This server speaks HTTP/1.1, in lines that end with CR LF.")
        case HTTPParserError.invalidEOFState: return nil
        case is HTTPParserError:
            self.init(.badRequest, "This is not HTTP/1.1 as RFC 9112 has it: \(error).")
        default: return nil
        }
    }
}

/// Sees to it that a request's head is there within its time, however slowly its bytes come: the time runs
/// from its first byte. Stands before the decoder.
final class HeadClock: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let timeLimit: TimeAmount
    private var timer: Scheduled<Void>?
    private var awaitsHead = true
    private var hasHeadEnded = false

    init(timeLimit: TimeAmount) { self.timeLimit = timeLimit }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isPartOfHead = awaitsHead
        hasHeadEnded = false
        context.fireChannelRead(data)
        // Most heads come in one piece, and need no timer.
        guard isPartOfHead, !hasHeadEnded, timer == nil, context.channel.isActive else { return }
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeLimit) {
            context.fireErrorCaught(
                BadRequest(
                    .requestTimeout, "The request's head did not come within its time; send it at once."))
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func headEnded() {
        awaitsHead = false
        hasHeadEnded = true
        timer?.cancel()
        timer = nil
    }

    func requestEnded() { awaitsHead = true }
}

/// Refuses heads that two servers in a row could read as different requests (RFC 9112, 11.2), as far as the
/// parser lets them through. Stands between the decoder and everything else.
///
/// A client of HTTP/1.0 is answered in its own language: its connection ends with the answer, and nothing comes in
/// chunks.
final class HeadInspector: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let clock: HeadClock
    private var isRefused = false
    /// Whether the last request, after which there are no more, was of HTTP/1.0.
    private var isOld = false

    init(clock: HeadClock) { self.clock = clock }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            clock.headEnded()
            if let complaint = Self.complaint(about: head) {
                isRefused = true
                return context.fireErrorCaught(BadRequest(.badRequest, complaint))
            }
            if !head.isCurrent {
                isOld = true
                return context.fireChannelRead(wrapInboundOut(.head(head.ofOldClient)))
            }
        case .body: break
        case .end: clock.requestEnded()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOld, case .head(var head) = unwrapOutboundIn(data), head.headers["content-length"].isEmpty
        else { return context.write(data, promise: promise) }
        // The body ends with the connection.
        head.headers.remove(name: "transfer-encoding")
        head.version = .http1_0
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }

    private static func complaint(about head: HTTPRequestHead) -> String? {
        let isCurrent = head.isCurrent
        let hosts = head.headers["host"]
        if hosts.count > 1 { return "A request names one Host." }
        if hosts.isEmpty, isCurrent { return "A request of HTTP/1.1 names its Host." }
        let codings = head.headers["transfer-encoding"]
        guard !codings.isEmpty else { return nil }
        if !isCurrent { return "Transfer-Encoding is for HTTP/1.1 only." }
        if !head.headers["content-length"].isEmpty {
            return "A request has a Content-Length or a Transfer-Encoding, not both."
        }
        return codings.count == 1 && codings[0].lowercased() == "chunked"
            ? nil : "The one Transfer-Encoding that this server takes is chunked."
    }
}

extension HTTPRequestHead {
    fileprivate var isCurrent: Bool { (version.major, version.minor) >= (1, 1) }

    /// Without what HTTP/1.0 does not know: a connection that stays, and leave to send a body.
    fileprivate var ofOldClient: HTTPRequestHead {
        var head = self
        head.headers.replaceOrAdd(name: "connection", value: "close")
        head.headers.remove(name: "expect")
        return head
    }
}
