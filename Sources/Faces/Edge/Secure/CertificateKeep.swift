import NIOCore
import TLSKit

/// Keeps what a client has shown in the handshake, for the requests of its connection.
final class CertificateKeep: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let shown: ShownCertificate?

    init(_ shown: ShownCertificate?) { self.shown = shown }

    /// What was shown on the connection of a request; a stream of HTTP/2 is a channel upon that.
    static func shown(on channel: any Channel) async -> ShownCertificate? {
        do {
            return try await look(in: channel)
        } catch {
            guard let connection = channel.parent else { return nil }
            // Nothing is kept where nobody was asked.
            return try? await look(in: connection)
        }
    }

    private static func look(in channel: any Channel) async throws -> ShownCertificate? {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: CertificateKeep.self).shown
        }.get()
    }
}

@available(*, unavailable)
extension CertificateKeep: Sendable {}
