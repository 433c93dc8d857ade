package import Doorkeeper
package import ServerKit

/// How the door stands: where it listens, whom it believes, and what it puts up with.
package struct EdgeConfiguration: Sendable {
    package var listeners: [Listener]
    package var headers = SecurityHeaders()
    package var limits: Limits
    /// Who may say, by `Forwarded` or `X-Forwarded-For`, which client it speaks for. Nobody by default.
    package var trustedProxies: [AddressRange]
    /// Where the client's address is read from instead.
    package var addressHeader: AddressHeader?
    /// Where proxies name the caller.
    package var nameHeader: NameHeader?
    /// Who turns addresses away; nil for nobody.
    package var doorkeeper: Doorkeeper?

    package struct Limits: Sendable {
        /// All header fields of a request together, in bytes.
        package var headerSize: Int
        package var headerCount: Int
        /// How long a client may take for the TLS handshake.
        package var handshakeTime = Duration.seconds(10)
        /// How long a request's line and header fields may take from the first byte to the last.
        package var headTime: Duration
        /// How long a connection may stand without a request, and a request without a further byte.
        package var idleTime: Duration
        /// How long a connection may stand without the client taking a byte of an answer.
        package var writeTime: Duration
        package var connections: Int
        package var connectionsPerAddress: Int
        /// Requests that are answered at the same time.
        package var requests: Int
        /// How long running transfers may take to finish when the server stops.
        package var stopTime: Duration

        package init(
            headerSize: Int = 32 << 10, headerCount: Int = 100, headTime: Duration = .seconds(20),
            idleTime: Duration = .seconds(75),
            writeTime: Duration = .seconds(120), connections: Int = 10_000, connectionsPerAddress: Int = 500,
            requests: Int = 5_000,
            stopTime: Duration = .seconds(300)
        ) {
            self.headerSize = headerSize
            self.headerCount = headerCount
            self.headTime = headTime
            self.idleTime = idleTime
            self.writeTime = writeTime
            self.connections = connections
            self.connectionsPerAddress = connectionsPerAddress
            self.requests = requests
            self.stopTime = stopTime
        }
    }

    package init(
        address: Listener.Place, limits: Limits = Limits(), trustedProxies: [AddressRange] = []
    ) {
        self.init(listeners: [Listener(address)], limits: limits, trustedProxies: trustedProxies)
    }

    package init(
        listeners: [Listener], limits: Limits = Limits(), trustedProxies: [AddressRange] = []
    ) {
        self.listeners = listeners
        self.limits = limits
        self.trustedProxies = trustedProxies
    }
}
