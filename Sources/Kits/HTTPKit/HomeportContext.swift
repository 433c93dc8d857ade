package import Hummingbird
package import NIOCore

/// What is known of a request beside its head and body.
package struct HomeportContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The connection, for bodies that are sent by the kernel. Nil in tests that have no connection.
    package let channel: (any Channel)?
    /// The client's address as text, without a port: behind a trusted proxy the one that the proxy names. Nil
    /// on a unix socket without a proxy.
    package var clientAddress: String?
    /// Whether the client speaks TLS, to us or to a trusted proxy.
    package var isSecure: Bool
    /// The host and port that the client named, `registry.example.com:5000`; empty when it named none.
    package var authority: String
    /// Whom somebody who is believed has named as the caller; nil where nobody has.
    package var introduction: Introduction?
    /// Whether a trusted proxy has sent the request.
    package var isByProxy = false
    /// Whether the connection is plain HTTP/1.1 with a `ConnectionKeeper`, so that the kernel may send files
    /// on it.
    package var takesFileRegions: Bool

    package init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.channel = source.channel
        self.clientAddress = source.channel.remoteAddress?.ipAddress
        self.isSecure = false
        self.authority = ""
        self.takesFileRegions = false
    }
}
