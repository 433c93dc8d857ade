import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Stands between the HTTP/1 codec and Hummingbird's own handlers, one for each connection:
///
/// - lets a request's head take only so long, and answers heads that are no proper ones;
/// - answers `Expect: 100-continue` once a face has not refused the request for a moment;
/// - sends file regions (`SendFile`) by the kernel, which a TLS connection must not see;
/// - holds back the closing of a connection until the answer written before it has left, so that a server
/// that stops cuts no download short, and waits a moment for the first request of a client that has just come;
/// - says `Connection: close` where the client has, and takes no request after that one;
/// - closes after an answer with `Connection: close`, without reading a refused body to its end, and closes
/// when a client takes nothing for too long.
package final class ConnectionKeeper: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// How long a request's head may take from its first byte to its last.
    private let headTimeout: TimeAmount
    /// Told the status of each answer that no face has given.
    private let onRefusal: @Sendable (_ status: Int) -> Void
    /// How many bytes of such a body are read and thrown away before we leave the rest where it is.
    private static let discardMax = 1 << 20

    /// How long a face has to refuse a request before a client that waits for leave is told to send its body.
    private static let leaveTime = TimeAmount.milliseconds(20)

    /// How long a client that has just connected has for its first request when the server stops.
    private static let firstRequestTime = TimeAmount.seconds(1)

    private var leave: Scheduled<Void>?
    /// Requests whose heads have come, and answers whose heads have been written.
    private var requestCount = 0
    private var answerCount = 0
    /// The number of the request after which the connection ends, as the client or a stop wants it.
    private var lastRequest: Int?
    /// Set when the server stops and waits for the first request.
    private var farewell: Scheduled<Void>?
    private var answerSent: EventLoopFuture<Void>?
    private var closesAfterAnswer = false
    /// Set when the connection is closing: what still comes in is thrown away.
    private var isDiscarding = false
    private var discarded = 0
    /// Requests whose heads have come and whose answers have not been written.
    private var requestsUnderWay = 0
    /// A connection may stand for so long without the client taking a byte of an answer.
    private let watchdog: WriteWatchdog

    package init(
        headTimeout: TimeAmount = .seconds(20), writeTimeout: TimeAmount = .seconds(120),
        onRefusal: @Sendable @escaping (_ status: Int) -> Void = { _ in }
    ) {
        self.headTimeout = headTimeout
        watchdog = WriteWatchdog(timeout: writeTimeout)
        self.onRefusal = onRefusal
    }

    /// Puts the two guards of heads where they belong, below this handler. A connection without the HTTP/1
    /// codec has no such heads.
    package func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        guard
            let decoder = try? pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
                .handler,
            let codec = try? pipeline.context(handlerType: HTTP1ToHTTPServerCodec.self).handler
        else { return }
        let clock = HeadClock(timeLimit: headTimeout)
        do {
            try pipeline.addHandler(clock, position: .before(decoder))
            try pipeline.addHandler(HeadInspector(clock: clock), position: .before(codec))
        } catch {
            // The connection is closing already.
            context.close(promise: nil)
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        watchdog.cancel()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        watchdog.cancel()
        leave?.cancel()
        farewell?.cancel()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isDiscarding {
            if case .body(let bytes) = part { discarded += bytes.readableBytes }
            return
        }
        if case .head(let head) = part {
            requestsUnderWay += 1
            requestCount += 1
            if head.headerFields.endsConnection { lastRequest = requestCount }
        }
        switch part {
        case .head(let head) where head.headerFields[.expect]?.lowercased() == "100-continue":
            leave = context.eventLoop.assumeIsolated().scheduleTask(in: Self.leaveTime) {
                context.writeAndFlush(
                    Self.wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body, .end: leave?.cancel()
        case .head: break
        }
        context.fireChannelRead(data)
        if case .head = part, farewell != nil { sayFarewell(context) }
        if case .end = part, requestCount == lastRequest { isDiscarding = true }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ChannelShouldQuiesceEvent, !isDiscarding else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard requestCount == 0 else { return sayFarewell(context) }
        farewell = context.eventLoop.assumeIsolated().scheduleTask(in: Self.firstRequestTime) {
            self.sayFarewell(context)
        }
    }

    /// What is under way is the last of it.
    private func sayFarewell(_ context: ChannelHandlerContext) {
        farewell?.cancel()
        farewell = nil
        if requestsUnderWay > 0, lastRequest == nil {
            lastRequest = requestCount
            if answerCount == requestCount { closesAfterAnswer = true }
        }
        context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    /// Answers what is no request, unless an answer to an earlier one is on its way: then whoever gives that
    /// learns of the error, and closes.
    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isDiscarding else { return }
        guard requestsUnderWay == 0, let bad = BadRequest(error) else {
            return context.fireErrorCaught(error)
        }
        isDiscarding = true
        onRefusal(bad.words.status.code)
        bad.words.say(context)
    }

    package func read(context: ChannelHandlerContext) {
        if discarded < Self.discardMax { context.read() }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            leave?.cancel()
            if head.status.kind != .informational {
                answerCount += 1
                if answerCount == lastRequest { head.headerFields[.connection] = "close" }
            }
            if head.headerFields.endsConnection { closesAfterAnswer = true }
            // It leaves with what follows, which is watched.
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body:
            context.write(data, promise: watchdog.watch(promise, context))
        case .end:
            requestsUnderWay -= 1
            let promise = watchdog.watch(promise, context)
            answerSent = promise.futureResult
            context.write(data, promise: promise)
            if closesAfterAnswer { closeGently(context, after: promise.futureResult) }
        }
    }

    package func triggerUserOutboundEvent(
        context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?
    ) {
        guard let file = event as? SendFile else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        do {
            let codec = try context.pipeline.syncOperations.context(handlerType: HTTP1ToHTTPServerCodec.self)
            let part = HTTPServerResponsePart.body(.fileRegion(file.region))
            codec.writeAndFlush(NIOAny(part), promise: watchdog.watch(promise, context))
        } catch {
            promise?.fail(error)
        }
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard let answerSent else { return context.close(mode: mode, promise: promise) }
        answerSent.assumeIsolated().whenComplete { _ in context.close(mode: mode, promise: promise) }
    }

    /// Throws away what the client still sends, and closes.
    private func closeGently(_ context: ChannelHandlerContext, after answer: EventLoopFuture<Void>) {
        isDiscarding = true
        LastWords.close(context, after: answer)
    }
}

/// A user event or a connection state never leaves its event loop.
@available(*, unavailable)
extension ConnectionKeeper: Sendable {}

extension HTTPFields {
    /// Whether `Connection` says `close`, among other words or alone.
    fileprivate var endsConnection: Bool {
        guard let words = self[.connection] else { return false }
        return words.split(separator: ",").contains { word in
            word.split { $0 == " " || $0 == "\t" }.first?.lowercased() == "close"
        }
    }
}
