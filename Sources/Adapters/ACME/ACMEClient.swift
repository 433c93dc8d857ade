import AsyncHTTPClient
import NIOCore
import NIOSSL
import Synchronization

/// The HTTP client that authorities are asked with; made when the first is.
package final class ACMEClient: Sendable {
    private let authorityFile: String?
    private let client = Mutex<HTTPClient?>(nil)

    /// - Parameter authorityFile: a file with certificates that are believed beside the system's, for an authority
    /// of one's own.
    package init(authorityFile: String?) { self.authorityFile = authorityFile }

    package var send: ACMESend {
        { [self] request, patience in try await made().execute(request, timeout: patience) }
    }

    private func made() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var tls = TLSConfiguration.makeClientConfiguration()
            if let authorityFile { tls.additionalTrustRoots = [.file(authorityFile)] }
            var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
            configuration.redirectConfiguration = .disallow
            configuration.timeout.connect = .seconds(10)
            let new = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = new
            return new
        }
    }

    /// To be called when nobody is asked any more.
    package func shutDown() async throws {
        let made = client.withLock { client in
            defer { client = nil }
            return client
        }
        try await made?.shutdown()
    }
}
