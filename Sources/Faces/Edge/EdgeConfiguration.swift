package import HummingbirdCore

/// How the door stands: where it listens, whom it believes, and what it puts up with.
package struct EdgeConfiguration: Sendable {
    package var address: BindAddress
    package var limits: Limits
    /// Who may say, by `Forwarded` or `X-Forwarded-For`, which client it speaks for. Nobody by default.
    package var trustedProxies: [AddressRange]

    package struct Limits: Sendable {
        /// All header fields of a request together, in bytes.
        package var headerSize: Int
        package var headerCount: Int
        /// How long a connection may stand without a request, and a request without a further byte.
        package var idleTime: Duration
        /// How long a connection may stand without the client taking a byte of an answer.
        package var writeTime: Duration
        package var connections: Int
        package var connectionsPerAddress: Int
        /// How long running transfers may take to finish when the server stops.
        package var stopTime: Duration

        package init(
            headerSize: Int = 32 << 10, headerCount: Int = 100, idleTime: Duration = .seconds(75),
            writeTime: Duration = .seconds(120), connections: Int = 10_000, connectionsPerAddress: Int = 500,
            stopTime: Duration = .seconds(300)
        ) {
            self.headerSize = headerSize
            self.headerCount = headerCount
            self.idleTime = idleTime
            self.writeTime = writeTime
            self.connections = connections
            self.connectionsPerAddress = connectionsPerAddress
            self.stopTime = stopTime
        }
    }

    package init(
        address: BindAddress, limits: Limits = Limits(), trustedProxies: [AddressRange] = []
    ) {
        self.address = address
        self.limits = limits
        self.trustedProxies = trustedProxies
    }
}
