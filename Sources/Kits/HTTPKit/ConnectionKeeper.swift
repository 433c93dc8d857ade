import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Stands between the HTTP/1 codec and Hummingbird's own handlers, one for each connection, and does three
/// things:
///
/// - answers `Expect: 100-continue` once a face has not refused the request for a moment;
/// - sends file regions (`SendFile`) by the kernel, which a TLS connection must not see;
/// - holds back the closing of a connection until the answer written before it has left, so that a server
/// that stops cuts no download short;
/// - closes after an answer with `Connection: close`, without reading a refused body to its end, and closes
/// when a client takes nothing for too long.
package final class ConnectionKeeper: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// How long a connection may stand without the client taking a byte of an answer.
    private let writeTimeout: TimeAmount
    /// How long a client has to read an answer to a request whose body we no longer want.
    private static let lingerTime = TimeAmount.seconds(1)

    /// How many bytes of such a body are read and thrown away before we leave the rest where it is.
    private static let discardMax = 1 << 20

    /// How long a face has to refuse a request before a client that waits for leave is told to send its body.
    private static let leaveTime = TimeAmount.milliseconds(20)

    private var leave: Scheduled<Void>?
    private var answerSent: EventLoopFuture<Void>?
    private var closesAfterAnswer = false
    /// Set when the connection is closing: what still comes in is thrown away.
    private var isDiscarding = false
    private var discarded = 0
    private var writesPending = 0
    private var lastProgress = NIODeadline.now()
    private var watchdog: Scheduled<Void>?

    package init(writeTimeout: TimeAmount = .seconds(120)) {
        self.writeTimeout = writeTimeout
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        watchdog?.cancel()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        watchdog?.cancel()
        leave?.cancel()
        context.fireChannelInactive()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if isDiscarding {
            if case .body(let bytes) = part { discarded += bytes.readableBytes }
            return
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
    }

    package func read(context: ChannelHandlerContext) {
        if discarded < Self.discardMax { context.read() }
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head):
            leave?.cancel()
            if head.headerFields[.connection]?.lowercased() == "close" { closesAfterAnswer = true }
            context.write(data, promise: watch(promise, context))
        case .body:
            context.write(data, promise: watch(promise, context))
        case .end:
            let promise = watch(promise, context)
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
            codec.writeAndFlush(NIOAny(part), promise: watch(promise, context))
        } catch {
            promise?.fail(error)
        }
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard let answerSent else { return context.close(mode: mode, promise: promise) }
        answerSent.assumeIsolated().whenComplete { _ in context.close(mode: mode, promise: promise) }
    }

    /// Ends our side once the answer has left, throws away what the client still sends, and closes for good
    /// when it closes or the linger time is over. Closing at once would reset the connection before the
    /// answer is read.
    private func closeGently(_ context: ChannelHandlerContext, after answer: EventLoopFuture<Void>) {
        isDiscarding = true
        answer.assumeIsolated().whenComplete { _ in
            context.close(mode: .output, promise: nil)
            context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) {
                context.close(mode: .all, promise: nil)
            }
        }
    }

    /// Counts a write as pending until it is done, so that the watchdog knows whether the client takes
    /// anything.
    private func watch(_ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext)
        -> EventLoopPromise<Void>
    {
        let promise = promise ?? context.eventLoop.makePromise()
        if writesPending == 0 { lastProgress = .now() }
        writesPending += 1
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.writesPending -= 1
            self.lastProgress = .now()
        }
        if watchdog == nil { startWatchdog(context) }
        return promise
    }

    private func startWatchdog(_ context: ChannelHandlerContext) {
        watchdog = context.eventLoop.assumeIsolated().scheduleTask(in: writeTimeout) {
            self.watchdog = nil
            guard self.writesPending > 0 else { return }
            if NIODeadline.now() - self.lastProgress >= self.writeTimeout {
                context.close(mode: .all, promise: nil)
            } else {
                self.startWatchdog(context)
            }
        }
    }
}

/// A user event or a connection state never leaves its event loop.
@available(*, unavailable)
extension ConnectionKeeper: Sendable {}
