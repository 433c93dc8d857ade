package import HTTPKit
package import Hummingbird
package import TLSKit

/// A face that answers only those who ask for certain hosts.
package struct HostedFace: Face {
    private let hosts: Set<HostName>
    private let face: any Face

    /// - Parameter hosts: none means all of them.
    package init(_ face: any Face, hosts: [HostName]) {
        self.hosts = Set(hosts)
        self.face = face
    }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        guard hosts.isEmpty || Self.host(of: context.authority).map(hosts.contains) == true else {
            return nil
        }
        return try await face.respond(to: request, context: context)
    }

    package func loggedPath(of path: String) -> String? { face.loggedPath(of: path) }

    private static func host(of authority: String) -> HostName? {
        HostName(authority.lastIndex(of: ":").map { String(authority[..<$0]) } ?? authority)
    }
}
