import NIOCore
import NIOHTTPTypes
import Synchronization

/// Counts the open connections of each address, so that no one takes them all.
final class ConnectionTable: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    private let perAddressMax: Int
    private let exempt: [AddressRange]

    /// - Parameter exempt: addresses that many clients share: the trusted proxies.
    init(perAddressMax: Int, exempt: [AddressRange]) {
        self.perAddressMax = perAddressMax
        self.exempt = exempt
    }

    /// Notes one more connection; false when this address has as many as it may.
    func enter(_ address: String) -> Bool {
        counts.withLock { counts in
            let count = counts[address, default: 0]
            guard count < perAddressMax || exempt.contains(where: { $0.contains(address) }) else {
                return false
            }
            counts[address] = count + 1
            return true
        }
    }

    func leave(_ address: String) {
        counts.withLock { counts in
            guard let count = counts[address] else { return }
            counts[address] = count > 1 ? count - 1 : nil
        }
    }
}

/// Closes a connection at once when its address has too many.
final class ConnectionGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart

    private let table: ConnectionTable
    private var admitted: String?

    init(table: ConnectionTable) { self.table = table }

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
        guard admitted == nil, let address = context.remoteAddress?.ipAddress else { return }
        if table.enter(address) {
            admitted = address
        } else {
            EdgeMetrics.refusedConnection()
            context.close(promise: nil)
        }
    }
}

@available(*, unavailable)
extension ConnectionGate: Sendable {}
