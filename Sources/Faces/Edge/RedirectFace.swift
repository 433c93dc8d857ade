package import HTTPKit
import HTTPTypes
package import Hummingbird
import Synchronization

/// Sends everybody who comes without TLS to the same place with it.
package struct RedirectFace: Face {
    private let port: SecurePort

    package init(port: SecurePort) { self.port = port }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        guard let host = Self.host(of: context.authority) else {
            return .text("The request names no host.\n", status: .badRequest)
        }
        let number = port.number
        let authority = number == 443 ? host : "\(host):\(number)"
        let target = request.head.path ?? "/"
        guard target.hasPrefix("/") else { return .text("Not a path.\n", status: .badRequest) }
        // Other methods keep theirs, and their body, only with 308.
        let isPlain = request.method == .get || request.method == .head
        let place = "https://\(authority)\(target)"
        return .text(
            "It is at \(place)\n", status: isPlain ? .movedPermanently : .permanentRedirect,
            headers: [.location: place])
    }

    /// The host without its port; nil for a text that is no host.
    private static func host(of authority: String) -> String? {
        var host = authority
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") { host = String(host[..<colon]) }
        let isPlain = host.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                || "-._:[]".utf8.contains($0)
        }
        return isPlain && (1...255).contains(host.utf8.count) ? host : nil
    }
}

/// The port at which clients find TLS, which is known once it is listened on.
package final class SecurePort: Sendable {
    private let value: Mutex<Int>

    package init(_ number: Int) { value = Mutex(number) }

    package var number: Int {
        get { value.withLock { $0 } }
        set { value.withLock { $0 = newValue } }
    }
}
