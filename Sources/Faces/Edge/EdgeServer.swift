package import HTTPKit
import Hummingbird
import HummingbirdCore
import Logging
package import NIOCore
import ServiceLifecycle
import Synchronization
import TLSKit

/// The door: listens, keeps the limits, and hands each request to the faces.
///
/// When it is told to stop it takes no new connection, lets running transfers finish, and returns.
package struct EdgeServer: Service {
    /// What is done with those who come.
    package let desk: EdgeDesk
    private let onListening: @Sendable ([SocketAddress]) async -> Void

    /// - Parameter onListening: told the real addresses, in the order of the listeners, once connections are
    /// taken on all of them; port 0 has become a number then.
    package init(
        desk: EdgeDesk, onAllListening onListening: @escaping @Sendable ([SocketAddress]) async -> Void
    ) {
        self.desk = desk
        self.onListening = onListening
    }

    package init(
        configuration: EdgeConfiguration, faces: [any Face],
        onAllListening onListening: @escaping @Sendable ([SocketAddress]) async -> Void
    ) {
        self.init(desk: EdgeDesk(configuration, faces: faces), onAllListening: onListening)
    }

    /// For a door with one listener.
    package init(
        configuration: EdgeConfiguration, faces: [any Face],
        onListening: @escaping @Sendable (SocketAddress) async -> Void
    ) {
        self.init(configuration: configuration, faces: faces) { addresses in
            if let first = addresses.first { await onListening(first) }
        }
    }

    /// Throws `ListenError` when an address cannot be had.
    package func run() async throws {
        let listeners = desk.configuration.listeners
        let arrivals = Arrivals(count: listeners.count)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (index, listener) in listeners.enumerated() {
                let reception = reception(for: listener, at: index) { [onListening] address in
                    guard let address else { return }
                    if let all = arrivals.note(address, at: index) { await onListening(all) }
                }
                tasks.addTask {
                    do {
                        try await reception.run()
                    } catch let error as IOError {
                        throw ListenError(index: index, code: error.errnoCode, reason: "\(error)")
                    } catch let error as SocketAddressError {
                        throw ListenError(index: index, code: 0, reason: "\(error)")
                    } catch let error as UnixSocket.Failure {
                        throw ListenError(index: index, code: error.code, reason: error.reason)
                    }
                }
            }
            try await tasks.waitForAll()
        }
    }

    private func reception(
        for listener: Listener, at index: Int,
        onListening: @escaping @Sendable (SocketAddress?) async -> Void
    ) -> any Service {
        let (desk, log) = (desk, Self.log)
        let responder = { @Sendable in desk.responder(at: index) }
        guard let shelf = listener.certificates else {
            return reception(for: listener, log, onListening) { client in
                OnItsLoop(
                    HTTP1Channel(
                        responder: Answering.responder(responder, for: client, log: log),
                        configuration: Self.http1(
                            desk.limits,
                            [ConnectionGate(table: desk.connections, client: client)])))
            }
        }
        return reception(for: listener, log, onListening) { client in
            let (limits, asks) = (desk.limits, shelf.clients != nil)
            return SecureChannel(
                responder: Answering.responder(responder, for: client, asks: asks, log: log), shelf: shelf,
                limits: limits, gate: { SecureGate(table: desk.connections, client: client) },
                http1: HTTP1Channel(
                    responder: Answering.responder(responder, for: client, asks: asks, log: log),
                    configuration: Self.http1(limits)))
        }
    }

    /// - Parameter connections: what serves a client with this address; with the connection's own where that is nil.
    private func reception(
        for listener: Listener, _ log: Logger,
        _ onListening: @escaping @Sendable (SocketAddress?) async -> Void,
        _ connections: @escaping @Sendable (String?) -> some ServerChildChannel
    ) -> any Service {
        let connectionsMax = { @Sendable [desk] in desk.limits.connections }
        guard listener.readsProxyHeader else {
            return Reception(
                place: listener.place, connections: FreshChannel(desk) { connections(nil) },
                connectionsMax: connectionsMax, log: log, onListening: onListening)
        }
        return Reception(
            place: listener.place,
            connections: FreshChannel(desk) { [desk] in
                ProxiedChannel(
                    trusted: desk.configuration.trustedProxies,
                    time: TimeAmount(min(desk.limits.headTime, desk.limits.handshakeTime)),
                    base: connections)
            },
            connectionsMax: connectionsMax, log: log, onListening: onListening)
    }

    private static var log: Logger {
        var log = Logger(label: "homeport.edge")
        log.logLevel = max(log.logLevel, .notice)
        return log
    }

    /// - Parameter handlers: what comes before that which every connection has.
    private static func http1(
        _ limits: EdgeConfiguration.Limits,
        _ handlers: @autoclosure @escaping @Sendable () -> [any RemovableChannelHandler] = []
    ) -> HTTP1Channel.Configuration {
        .init(
            additionalChannelHandlers: handlers() + [keeper(limits), BodyReceiver()],
            idleTimeout: TimeAmount(limits.idleTime),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerSize, maxHeaderListSize: limits.headerSize,
                maxHeaderFieldCount: limits.headerCount))
    }

    private static func keeper(_ limits: EdgeConfiguration.Limits) -> ConnectionKeeper {
        ConnectionKeeper(
            headTimeout: TimeAmount(limits.headTime), writeTimeout: TimeAmount(limits.writeTime),
            onRefusal: { EdgeMetrics.answered(status: $0, bytes: 0, duration: .zero) })
    }
}

/// Notes which listeners have begun.
private final class Arrivals: Sendable {
    private let addresses: Mutex<[SocketAddress?]>

    init(count: Int) { addresses = Mutex(Array(repeating: nil, count: count)) }

    /// All addresses, when this was the last that was missing.
    func note(_ address: SocketAddress, at index: Int) -> [SocketAddress]? {
        addresses.withLock { addresses in
            addresses[index] = address
            let all = addresses.compactMap(\.self)
            return all.count == addresses.count ? all : nil
        }
    }
}
