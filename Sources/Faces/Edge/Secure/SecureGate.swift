import NIOCore

/// Closes a connection at once when its address has too many. Before the handshake there is no language in which
/// it could be told why.
final class SecureGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let table: ConnectionTable
    private let client: String?
    private var admitted: String?

    /// - Parameter client: the address, where that is not the connection's own.
    init(table: ConnectionTable, client: String? = nil) {
        self.table = table
        self.client = client
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { admit(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        admit(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let admitted { table.leave(admitted) }
        admitted = nil
        context.fireChannelInactive()
    }

    private func admit(_ context: ChannelHandlerContext) {
        guard admitted == nil, let address = client ?? context.remoteAddress?.ipAddress else { return }
        if case .admitted = table.enter(address) {
            admitted = address
        } else {
            EdgeMetrics.refusedConnection()
            context.close(promise: nil)
        }
    }
}

@available(*, unavailable)
extension SecureGate: Sendable {}
