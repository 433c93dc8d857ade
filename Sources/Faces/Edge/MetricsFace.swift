package import HTTPKit
import HTTPTypes
package import Hummingbird
package import ServerKit

/// `/metrics`, in Prometheus's text format, for those who may read it; to everybody else it does not exist.
package struct MetricsFace: Face {
    private let readers: [AddressRange]
    private let text: @Sendable () async -> String

    /// - Parameter readers: the addresses that may read the numbers.
    package init(readers: [AddressRange], text: @escaping @Sendable () async -> String) {
        self.readers = readers
        self.text = text
    }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        guard request.uri.path == "/metrics", request.method == .get || request.method == .head,
            let address = context.clientAddress, readers.contains(where: { $0.contains(address) })
        else { return nil }
        return .text(await text(), headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"])
    }
}
