import HTTPKit
import HTTPTypes
import NIOCore
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2

/// Stands on each HTTP/2 stream as `ConnectionKeeper` does on an HTTP/1.1 connection:
///
/// - answers `Expect: 100-continue` once a face has not refused the request for a moment;
/// - takes away header fields that speak of the connection, which HTTP/2 forbids (RFC 9113, 8.2.2);
/// - ends the stream after the answer when the client still sends, and when it takes nothing for too long.
final class StreamKeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let headerCountMax: Int
    private var requestHasEnded = false
    private var isRefused = false
    private var leave: Scheduled<Void>?
    private let watchdog: WriteWatchdog

    /// How long a face has to refuse a request before a client that waits for leave is told to send its body.
    private static let leaveTime = TimeAmount.milliseconds(20)

    init(writeTimeout: TimeAmount, headerCountMax: Int) {
        watchdog = WriteWatchdog(timeout: writeTimeout)
        self.headerCountMax = headerCountMax
    }

    func handlerRemoved(context: ChannelHandlerContext) { cancelTimers() }

    func channelInactive(context: ChannelHandlerContext) {
        cancelTimers()
        context.fireChannelInactive()
    }

    /// A connection that is to end waits for its streams. Told of it, Hummingbird's handler would close a stream in
    /// the breath in which its answer ends, and what the client has not made room for yet would be lost.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard head.headerFields.count <= headerCountMax else { return refuse(context) }
            if head.headerFields[.expect]?.lowercased() == "100-continue" { giveLeaveSoon(context) }
        case .body: leave?.cancel()
        case .end:
            leave?.cancel()
            requestHasEnded = true
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head):
            leave?.cancel()
            for name in Self.ofTheConnection { head.headerFields[name] = nil }
            context.write(wrapOutboundOut(.head(head)), promise: watchdog.watch(promise, context))
        case .body: context.write(data, promise: watchdog.watch(promise, context))
        case .end:
            let promise = watchdog.watch(promise, context)
            context.write(data, promise: promise)
            if !requestHasEnded { reset(context, after: promise.futureResult) }
        }
    }

    private static let ofTheConnection: [HTTPField.Name] = [
        .connection, .transferEncoding, .upgrade, HTTPField.Name("Keep-Alive")!,
        HTTPField.Name("Proxy-Connection")!,
    ]

    private func giveLeaveSoon(_ context: ChannelHandlerContext) {
        leave = context.eventLoop.assumeIsolated().scheduleTask(in: Self.leaveTime) {
            context.writeAndFlush(
                Self.wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        isRefused = true
        let head = HTTPResponse(
            status: .requestHeaderFieldsTooLarge, headerFields: [.contentLength: "0"])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    /// Tells the client that the rest of its body is not wanted, once it has the answer (RFC 9113, 8.1).
    private func reset(_ context: ChannelHandlerContext, after answer: EventLoopFuture<Void>) {
        answer.assumeIsolated().whenSuccess {
            guard !self.requestHasEnded else { return }
            context.triggerUserOutboundEvent(
                NIOHTTP2FramePayloadToHTTPEvent.reset(code: .noError), promise: nil)
        }
    }

    private func cancelTimers() {
        watchdog.cancel()
        leave?.cancel()
    }
}

@available(*, unavailable)
extension StreamKeeper: Sendable {}
