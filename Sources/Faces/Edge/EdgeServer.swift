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
    private let configuration: EdgeConfiguration
    private let faces: [any Face]
    private let onListening: @Sendable ([SocketAddress]) async -> Void

    /// - Parameter onListening: told the real addresses, in the order of the listeners, once connections are
    /// taken on all of them; port 0 has become a number then.
    package init(
        configuration: EdgeConfiguration, faces: [any Face],
        onAllListening onListening: @escaping @Sendable ([SocketAddress]) async -> Void
    ) {
        self.configuration = configuration
        self.faces = faces
        self.onListening = onListening
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
        let limits = configuration.limits
        let table = ConnectionTable(
            perAddressMax: limits.connectionsPerAddress, exempt: configuration.trustedProxies,
            doorkeeper: configuration.doorkeeper)
        let requests = RequestTable(countMax: limits.requests)
        let arrivals = Arrivals(count: configuration.listeners.count)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for (index, listener) in configuration.listeners.enumerated() {
                let reception = reception(for: listener, table, requests) { [onListening] address in
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
        for listener: Listener, _ table: ConnectionTable, _ requests: RequestTable,
        onListening: @escaping @Sendable (SocketAddress?) async -> Void
    ) -> any Service {
        let limits = configuration.limits
        let log = Self.log
        let responder = EdgeResponder(
            faces: listener.faces ?? faces, trustedProxies: configuration.trustedProxies,
            addressHeader: configuration.addressHeader, nameHeader: configuration.nameHeader,
            isSecure: listener.certificates != nil, headers: configuration.headers, requests: requests,
            doorkeeper: configuration.doorkeeper)
        if let shelf = listener.certificates {
            return reception(for: listener, log, onListening) { client in
                let asks = shelf.clients != nil
                return SecureChannel(
                    responder: Answering.responder(responder, for: client, asks: asks, log: log),
                    shelf: shelf,
                    limits: limits, gate: { SecureGate(table: table, client: client) },
                    http1: HTTP1Channel(
                        responder: Answering.responder(responder, for: client, asks: asks, log: log),
                        configuration: http1([keeper(), BodyReceiver()])))
            }
        }
        return reception(for: listener, log, onListening) { client in
            OnItsLoop(
                HTTP1Channel(
                    responder: Answering.responder(responder, for: client, log: log),
                    configuration: http1(
                        [ConnectionGate(table: table, client: client), keeper(), BodyReceiver()])))
        }
    }

    /// - Parameter connections: what serves a client with this address; with the connection's own where that is nil.
    private func reception(
        for listener: Listener, _ log: Logger,
        _ onListening: @escaping @Sendable (SocketAddress?) async -> Void,
        _ connections: @escaping @Sendable (String?) -> some ServerChildChannel
    ) -> any Service {
        let limits = configuration.limits
        guard listener.readsProxyHeader else {
            return Reception(
                place: listener.place, connections: connections(nil), connectionsMax: limits.connections,
                log: log, onListening: onListening)
        }
        return Reception(
            place: listener.place,
            connections: ProxiedChannel(
                trusted: configuration.trustedProxies,
                time: TimeAmount(min(limits.headTime, limits.handshakeTime)),
                base: connections),
            connectionsMax: limits.connections, log: log, onListening: onListening)
    }

    private static var log: Logger {
        var log = Logger(label: "homeport.edge")
        log.logLevel = max(log.logLevel, .notice)
        return log
    }

    private func keeper() -> ConnectionKeeper {
        let limits = configuration.limits
        return ConnectionKeeper(
            headTimeout: TimeAmount(limits.headTime), writeTimeout: TimeAmount(limits.writeTime),
            onRefusal: { EdgeMetrics.answered(status: $0, bytes: 0, duration: .zero) })
    }

    private func http1(
        _ handlers: @autoclosure @escaping @Sendable () -> [any RemovableChannelHandler]
    ) -> HTTP1Channel.Configuration {
        let limits = configuration.limits
        return .init(
            additionalChannelHandlers: handlers(), idleTimeout: TimeAmount(limits.idleTime),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerSize, maxHeaderListSize: limits.headerSize,
                maxHeaderFieldCount: limits.headerCount))
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
