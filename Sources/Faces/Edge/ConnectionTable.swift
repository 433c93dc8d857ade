import Doorkeeper
import HTTPKit
import HTTPTypes
import NIOCore
import NIOHTTPTypes
import ServerKit
import Synchronization

/// Counts the open connections of each address, so that no one takes them all, and turns away who is banned.
final class ConnectionTable: Sendable {
    enum Answer {
        case admitted
        case banned(Ban)
        /// The address has as many as it may.
        case tooMany
    }

    /// Who is let in, and how often.
    struct Terms: Sendable {
        let perAddressMax: Int
        /// Addresses that many clients share: the trusted proxies.
        let exempt: [AddressRange]
        let doorkeeper: Doorkeeper?
    }

    private struct State {
        var terms: Terms
        var counts: [String: Int] = [:]
    }

    private let state: Mutex<State>

    init(_ terms: Terms) { state = Mutex(State(terms: terms)) }

    /// Counts for connections from now on.
    func use(_ terms: Terms) { state.withLock { $0.terms = terms } }

    /// Notes one more connection, unless it is turned away.
    func enter(_ address: String) -> Answer {
        let terms = state.withLock(\.terms)
        let isExempt = terms.exempt.contains { $0.contains(address) }
        if !isExempt, let ban = terms.doorkeeper?.ban(of: address) {
            EdgeMetrics.refused(.banned)
            return .banned(ban)
        }
        return state.withLock { state in
            let count = state.counts[address, default: 0]
            guard count < terms.perAddressMax || isExempt else { return .tooMany }
            state.counts[address] = count + 1
            return .admitted
        }
    }

    func leave(_ address: String) {
        state.withLock { state in
            guard let count = state.counts[address] else { return }
            state.counts[address] = count > 1 ? count - 1 : nil
        }
    }
}

/// Refuses a connection when its address is banned or has too many: with an answer, and without reading a request.
final class ConnectionGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart

    private let table: ConnectionTable
    private let client: String?
    private var admitted: String?
    private var isRefused = false

    /// - Parameter client: the address, where that is not the connection's own.
    init(table: ConnectionTable, client: String? = nil) {
        self.table = table
        self.client = client
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { admit(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        admit(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let admitted { table.leave(admitted) }
        admitted = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isRefused { context.fireChannelRead(data) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isRefused { context.fireErrorCaught(error) }
    }

    private func admit(_ context: ChannelHandlerContext) {
        guard admitted == nil, !isRefused, let address = client ?? context.remoteAddress?.ipAddress else {
            return
        }
        switch table.enter(address) {
        case .admitted: admitted = address
        case .banned(let ban): refuse(LastWords(.forbidden, ban.notice), context)
        case .tooMany:
            let words = "Too many connections from this address; close some, or try again later."
            refuse(LastWords(.tooManyRequests, words, headers: [.retryAfter: "5"]), context)
        }
    }

    private func refuse(_ words: LastWords, _ context: ChannelHandlerContext) {
        isRefused = true
        EdgeMetrics.refusedConnection()
        words.say(context)
    }
}

@available(*, unavailable)
extension ConnectionGate: Sendable {}
