import HTTPKit
import HummingbirdCore
import Logging
import NIOCore
import ServerKit

/// Connections in front of which a trusted proxy says whose they are. Until it has, nothing else is set up; then the
/// connection is the client's, with its address.
struct ProxiedChannel<Base: ServerChildChannel>: ServerChildChannel {
    struct Entered: Sendable {
        let base: Base
        let value: Base.Value
    }

    struct Value: ServerChildChannelValue {
        let entered: EventLoopFuture<Entered>
        let channel: any Channel
    }

    let trusted: [AddressRange]
    /// How long the header may take.
    let time: TimeAmount
    /// What serves a client with this address; with its own where that is nil.
    let base: @Sendable (String?) -> Base

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let promise = channel.eventLoop.makePromise(of: Entered.self)
            let entrance = ProxyEntrance(trusted: trusted, time: time, entered: promise) { [base] client in
                let base = base(client)
                return base.setup(channel: channel, logger: logger).map { Entered(base: base, value: $0) }
            }
            do {
                try channel.pipeline.syncOperations.addHandler(entrance)
            } catch {
                promise.fail(error)
                throw error
            }
            return Value(entered: promise.futureResult, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            let entered = try await value.entered.get()
            await entered.base.handle(value: entered.value, logger: logger)
        } catch {
            logger.debug("a proxied connection ended early", metadata: ["error": "\(error)"])
        }
    }
}

/// Reads what a proxy says in front of a connection, and goes away.
final class ProxyEntrance<Entered: Sendable>: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let trusted: [AddressRange]
    private let time: TimeAmount
    private let enter: (String?) -> EventLoopFuture<Entered>
    /// Nil once it has been completed.
    private var entered: EventLoopPromise<Entered>?
    private var waiting = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isKnown = false
    /// Set when the server stops meanwhile.
    private var isLast = false
    /// Set once the client's own handlers are there, or nobody is to come.
    private var isOver = false

    /// How long the header may still take when the server stops.
    private static var lastTime: TimeAmount { .seconds(2) }

    init(
        trusted: [AddressRange], time: TimeAmount, entered: EventLoopPromise<Entered>,
        enter: @escaping (String?) -> EventLoopFuture<Entered>
    ) {
        self.trusted = trusted
        self.time = time
        self.entered = entered
        self.enter = enter
    }

    func handlerAdded(context: ChannelHandlerContext) {
        setDeadline(context, time)
        if context.channel.isActive { look(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { giveUp() }

    func channelActive(context: ChannelHandlerContext) {
        look(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        giveUp()
        context.fireChannelInactive()
    }

    private func setDeadline(_ context: ChannelHandlerContext, _ time: TimeAmount) {
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) {
            if !self.isOver { self.refuse(context) }
        }
    }

    /// Only proxies that are trusted may say who somebody is. Whoever may write to a unix socket is one.
    private func look(_ context: ChannelHandlerContext) {
        guard !isKnown, !isOver else { return }
        if let peer = context.remoteAddress?.ipAddress, !trusted.contains(where: { $0.contains(peer) }) {
            return refuse(context)
        }
        isKnown = true
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard !isOver else { return context.fireUserInboundEventTriggered(event) }
        if event as? ChannelEvent == .inputClosed {
            refuse(context)
        } else if event is ChannelShouldQuiesceEvent {
            isLast = true
            setDeadline(context, min(time, Self.lastTime))
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver, entered != nil else { return }
        var piece = unwrapInboundIn(data)
        waiting.writeBuffer(&piece)
        look(context)
        guard isKnown else { return }
        switch ProxyHeader.read(waiting) {
        case .unfinished: break
        case .wrong: refuse(context)
        case .whole(let client, let length):
            waiting.moveReaderIndex(forwardBy: length)
            come(in: context, client)
        }
    }

    private func come(in context: ChannelHandlerContext, _ client: String?) {
        guard let entered else { return }
        self.entered = nil
        deadline?.cancel()
        enter(client).assumeIsolated().whenComplete { result in
            self.isOver = true
            switch result {
            case .success(let value):
                entered.succeed(value)
                if self.waiting.readableBytes > 0 {
                    context.fireChannelRead(self.wrapInboundOut(self.waiting))
                    context.fireChannelReadComplete()
                }
                if self.isLast { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
                context.pipeline.syncOperations.removeHandler(self, promise: nil)
            case .failure(let error):
                entered.fail(error)
                context.close(promise: nil)
            }
        }
    }

    private func refuse(_ context: ChannelHandlerContext) {
        guard !isOver else { return }
        isOver = true
        EdgeMetrics.refusedConnection()
        giveUp()
        context.close(promise: nil)
    }

    private func giveUp() {
        deadline?.cancel()
        entered?.fail(ChannelError.eof)
        entered = nil
    }
}

@available(*, unavailable)
extension ProxyEntrance: Sendable {}
