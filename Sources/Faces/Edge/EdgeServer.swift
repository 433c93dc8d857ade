package import HTTPKit
import Hummingbird
import HummingbirdCore
import Logging
package import NIOCore
import ServiceLifecycle

/// The door: listens, keeps the limits, and hands each request to the faces.
///
/// When it is told to stop it takes no new connection, lets running transfers finish, and returns.
package struct EdgeServer: Service {
    private let configuration: EdgeConfiguration
    private let faces: [any Face]
    private let onListening: @Sendable (SocketAddress) async -> Void

    /// - Parameter onListening: told the real address once connections are taken; port 0 has become a number
    /// then.
    package init(
        configuration: EdgeConfiguration, faces: [any Face],
        onListening: @escaping @Sendable (SocketAddress) async -> Void
    ) {
        self.configuration = configuration
        self.faces = faces
        self.onListening = onListening
    }

    package func run() async throws {
        let limits = configuration.limits
        let table = ConnectionTable(
            perAddressMax: limits.connectionsPerAddress, exempt: configuration.trustedProxies)
        var log = Logger(label: "homeport.edge")
        log.logLevel = max(log.logLevel, .notice)
        let application = Application(
            responder: EdgeResponder(
                faces: faces, trustedProxies: configuration.trustedProxies, takesFileRegions: true),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [
                        ConnectionGate(table: table),
                        ConnectionKeeper(writeTimeout: TimeAmount(limits.writeTime)),
                    ],
                    idleTimeout: TimeAmount(limits.idleTime),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: limits.headerSize, maxHeaderListSize: limits.headerSize,
                        maxHeaderFieldCount: limits.headerCount))),
            configuration: ApplicationConfiguration(
                address: configuration.address, backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
            onServerRunning: { [onListening] channel in
                if let address = channel.localAddress { await onListening(address) }
            },
            logger: log)
        try await application.run()
    }
}
