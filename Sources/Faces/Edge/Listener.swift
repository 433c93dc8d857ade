package import HTTPKit
package import TLSKit

/// One place that the door listens in.
package struct Listener: Sendable {
    package enum Place: Sendable, Hashable {
        case hostname(String, port: Int)
        /// A file of its own; what is left of an earlier one is taken away first.
        case unixSocket(path: String, mode: UInt32)
        /// A socket that somebody else listens on already; it is closed with the listener.
        case inherited(descriptor: CInt)
    }

    package var place: Place
    /// The certificates that are shown there; nil for plain HTTP.
    package var certificates: CertificateShelf?
    /// The faces that answer there; nil for all of them.
    package var faces: [any Face]?
    /// Whether trusted proxies say in front of each connection whose it is, and nobody else comes in.
    package var readsProxyHeader = false

    package init(
        _ place: Place, certificates: CertificateShelf? = nil, faces: [any Face]? = nil
    ) {
        self.place = place
        self.certificates = certificates
        self.faces = faces
    }
}

/// A place could not be listened in.
package struct ListenError: Error {
    /// The number of the listener, as they were given.
    package let index: Int
    /// What the system said.
    package let code: CInt
    package let reason: String

    init(index: Int, code: CInt, reason: String) {
        self.index = index
        self.code = code
        self.reason = reason
    }
}
