import NIOCore
import NIOSSL
import NIOTLS
import TLSKit

/// Waits for the first words of a connection, and chooses by them which certificate is shown.
///
/// One stands at the network's end of each TLS connection. A client that does not come through the handshake in
/// time is sent away. When the server stops, whoever has just come has a moment for the handshake and a request.
///
/// It also is the last to let go: a connection is closed for good when the client has taken what was written and
/// has closed its end. Closing with something of the client's unread, such as its word that it takes more, would
/// reset the connection, and take from a slow client what it has not read yet.
final class TLSEntrance<Spoken: Sendable>: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let shelf: CertificateShelf
    private let time: TimeAmount
    private let spoken: EventLoopPromise<Spoken>
    private let speak: (ALPNResult, any Channel) -> EventLoopFuture<Spoken>
    /// What has come so far; nil once the handshake has been handed on.
    private var waiting: ByteBuffer? = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isThrough = false
    /// Set when the server stops before the client has come through.
    private var isLast = false
    /// Set when the connection is closed: nobody is left to be waited for.
    private var isGone = false
    /// Completed when a connection that is being closed is closed for good.
    private var farewell: EventLoopPromise<Void>?
    private var lingering: Scheduled<Void>?
    private var discarded = 0

    /// How long a client may say nothing while the connection is being closed, and how much it may say.
    private static var lingerTime: TimeAmount { .seconds(30) }
    private static var discardMax: Int { 1 << 20 }
    /// How long the handshake may still take when the server stops.
    private static var lastTime: TimeAmount { .seconds(2) }

    /// - Parameters:
    ///   - time: how long the handshake may take.
    ///   - spoken: completed when both sides know what is spoken.
    ///   - speak: sets up what was agreed upon.
    init(
        shelf: CertificateShelf, time: TimeAmount, spoken: EventLoopPromise<Spoken>,
        speak: @escaping (ALPNResult, any Channel) -> EventLoopFuture<Spoken>
    ) {
        self.shelf = shelf
        self.time = time
        self.spoken = spoken
        self.speak = speak
    }

    func handlerAdded(context: ChannelHandlerContext) {
        setDeadline(context, time)
    }

    private func setDeadline(_ context: ChannelHandlerContext, _ time: TimeAmount) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            if !self.isThrough { context.close(promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end() }

    private func end() {
        isGone = true
        giveUp(ChannelError.eof)
        lingering?.cancel()
        farewell?.succeed()
        farewell = nil
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        let isClosed = event as? ChannelEvent == .inputClosed
        if isClosed && (!isThrough || farewell != nil) {
            context.close(promise: nil)
        } else if event is ChannelShouldQuiesceEvent, !isThrough {
            isLast = true
            deadline?.cancel()
            setDeadline(context, min(time, Self.lastTime))
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard isThrough, mode == .all, !isGone else { return context.close(mode: mode, promise: promise) }
        if let farewell { return farewell.futureResult.cascade(to: promise) }
        let farewell = context.eventLoop.makePromise(of: Void.self)
        farewell.futureResult.cascade(to: promise)
        self.farewell = farewell
        // Waits for what was written to leave.
        context.close(mode: .output, promise: nil)
        if self.farewell != nil { linger(context) }
    }

    /// Reads on, for nobody, until the client closes.
    private func linger(_ context: ChannelHandlerContext) {
        lingering?.cancel()
        lingering = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) {
            context.close(mode: .all, promise: nil)
        }
        context.read()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if farewell != nil { linger(context) }
        context.fireChannelReadComplete()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if farewell != nil {
            discarded += unwrapInboundIn(data).readableBytes
            if discarded > Self.discardMax { context.close(mode: .all, promise: nil) }
            return
        }
        guard var waiting else { return context.fireChannelRead(data) }
        var piece = unwrapInboundIn(data)
        waiting.writeBuffer(&piece)
        self.waiting = waiting
        switch ClientHello.read(waiting) {
        case .whole(let hello): enter(context, hello, waiting)
        case .unfinished where waiting.readableBytes <= 2 * ClientHello.sizeMax: break
        case .unfinished, .unknown: refuse(context, waiting)
        }
    }

    private func enter(_ context: ChannelHandlerContext, _ hello: ClientHello, _ bytes: ByteBuffer) {
        guard let certificate = shelf.context(for: hello) else {
            // `unrecognized_name` (RFC 6066): there is no certificate to show.
            return end(context, with: ByteBuffer(bytes: [21, 3, 3, 0, 2, 2, 112]))
        }
        let agreement = NIOTypedApplicationProtocolNegotiationHandler<Spoken>(alpnCompleteHandler: speak)
        do {
            let pipeline = context.pipeline.syncOperations
            try pipeline.addHandler(agreement, position: .after(self))
            try pipeline.addHandler(NIOSSLServerHandler(context: certificate), position: .after(self))
        } catch {
            giveUp(error)
            return context.close(promise: nil)
        }
        agreement.protocolNegotiationResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success:
                self.isThrough = true
                self.deadline?.cancel()
            case .failure: EdgeMetrics.failedHandshake()
            }
            self.spoken.completeWith(result)
            if self.isThrough, self.isLast {
                context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            }
        }
        waiting = nil
        context.fireChannelRead(wrapInboundOut(bytes))
    }

    /// Somebody who speaks HTTP here gets an answer in it.
    private func refuse(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        let first = bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) ?? 0
        guard (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else {
            return context.close(promise: nil)
        }
        let words = "This port speaks TLS; write https:// for http://.\n"
        end(
            context,
            with: ByteBuffer(
                string: "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    + "Content-Length: \(words.utf8.count)\r\nConnection: close\r\n\r\n\(words)"))
    }

    private func end(_ context: ChannelHandlerContext, with bytes: ByteBuffer) {
        giveUp(ChannelError.inappropriateOperationForState)
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    private func giveUp(_ error: any Error) {
        deadline?.cancel()
        guard waiting != nil else { return }
        waiting = nil
        EdgeMetrics.failedHandshake()
        spoken.fail(error)
    }
}

@available(*, unavailable)
extension TLSEntrance: Sendable {}
