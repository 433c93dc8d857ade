package import FoundationEssentials
import NIOCore
import NIOPosix
package import NIOSSL
import NIOTLS
import SwiftASN1
import X509

/// What a client sees when it comes to a server by TLS.
package struct TLSSight: Sendable {
    /// The version that was agreed upon.
    package let version: String
    package let names: [CertificateName]
    package let issuer: String
    package let begins: Date
    package let ends: Date
}

/// Comes to a server as a client of a certain kind does, and says what it has seen.
package struct TLSProbe: Sendable {
    /// Versions of TLS that a client may speak.
    package enum Version: String, CaseIterable, Sendable {
        case tls10 = "1.0"
        case tls11 = "1.1"
        case tls12 = "1.2"
        case tls13 = "1.3"

        fileprivate var version: TLSVersion {
            switch self {
            case .tls10: .tlsv1
            case .tls11: .tlsv11
            case .tls12: .tlsv12
            case .tls13: .tlsv13
            }
        }
    }

    /// Where the connection goes.
    package let address: String
    package let port: Int
    /// The name that is asked for, and that the certificate must have.
    package let host: String
    private let authorityFile: String?

    /// - Parameter authorityFile: certificates that are believed beside the system's.
    package init(address: String, port: Int, host: String, authorityFile: String?) {
        self.address = address
        self.port = port
        self.host = host
        self.authorityFile = authorityFile
    }

    /// What a client sees that speaks only `version`, or any. Throws a sentence when it cannot connect, or does not
    /// believe the server.
    package func look(_ version: Version? = nil, believing: Bool = true) async throws(TLSProbeError)
        -> TLSSight
    {
        do {
            let context = try NIOSSLContext(configuration: configuration(version, believing: believing))
            let looker = Looker()
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(10))
                .channelInitializer { [host] channel in
                    channel.eventLoop.makeCompletedFuture {
                        let tls = try NIOSSLClientHandler(context: context, serverHostname: host)
                        try channel.pipeline.syncOperations.addHandlers(tls, looker)
                    }
                }
                .connect(host: address, port: port).get()
            do {
                let sight = try await looker.seen(on: channel)
                try? await channel.close()
                return sight
            } catch {
                try? await channel.close()
                throw error
            }
        } catch {
            throw TLSProbeError(error)
        }
    }

    private func configuration(_ version: Version?, believing: Bool) -> TLSConfiguration {
        var tls = ClientTrust.configuration(authorityFile: authorityFile)
        tls.minimumTLSVersion = version?.version ?? .tlsv1
        tls.maximumTLSVersion = version?.version
        if !believing { tls.certificateVerification = .none }
        return tls
    }
}

/// Whom clients of this program believe.
package enum ClientTrust {
    /// - Parameter authorityFile: certificates that are believed beside the system's.
    package static func configuration(authorityFile: String?) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let authorityFile { tls.additionalTrustRoots = [.file(authorityFile)] }
        return tls
    }
}

/// Why a probe saw nothing.
package struct TLSProbeError: Error, CustomStringConvertible {
    package let description: String
    /// Whether the connection was there, and the two did not agree.
    package let isAboutTLS: Bool

    init(_ error: any Error) {
        switch error {
        case let error as NIOSSLError:
            isAboutTLS = true
            if case .handshakeFailed(let reason) = error {
                description = "\(reason)"
            } else {
                description = "\(error)"
            }
        case let error as NIOSSLExtraError:
            isAboutTLS = true
            description = "\(error)"
        case is ConnectionEnded:
            isAboutTLS = true
            description = "the connection was closed during the handshake"
        case let error as NIOConnectionError:
            isAboutTLS = false
            description = error.connectionErrors.first.map { "\($0.error)" } ?? "\(error)"
        default:
            isAboutTLS = false
            description = "\(error)"
        }
    }
}

private struct ConnectionEnded: Error {}

/// Waits for the end of a handshake, and keeps what it has shown. Lives on the channel's loop.
private final class Looker: ChannelInboundHandler, Sendable {
    typealias InboundIn = Any

    private let (results, result) = AsyncStream.makeStream(of: Result<TLSSight, any Error>.self)

    func seen(on channel: any Channel) async throws -> TLSSight {
        // A server that says nothing at all is not waited for.
        let timer = channel.eventLoop.scheduleTask(in: .seconds(10)) { [result] in
            result.yield(.failure(ConnectionEnded()))
        }
        defer { timer.cancel() }
        for await seen in results { return try seen.get() }
        throw ConnectionEnded()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent else { return }
        result.yield(Result { try sight(context) })
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        result.yield(.failure(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        result.yield(.failure(ConnectionEnded()))
    }

    private func sight(_ context: ChannelHandlerContext) throws -> TLSSight {
        let handler = try context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        guard let shown = handler.peerCertificate else { throw ConnectionEnded() }
        let certificate = try Certificate(derEncoded: try shown.toDERBytes())
        return TLSSight(
            version: handler.tlsVersion.map { "\($0)" } ?? "",
            names: CertifiedKey.names(of: certificate), issuer: certificate.issuer.description,
            begins: certificate.notValidBefore, ends: certificate.notValidAfter)
    }
}
