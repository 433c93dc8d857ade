package import Hummingbird

/// One part of what the outside sees: it answers the requests that are its own and leaves the others.
package protocol Face: Sendable {
    /// The answer, or nil when the request is for another face. What it throws becomes a plain 500.
    func respond(to request: Request, context: HomeportContext) async throws -> Response?

    /// The path of a request as it may be written down, where the path itself holds a secret; nil where it
    /// does not, and for requests of other faces.
    func loggedPath(of path: String) -> String?
}

extension Face {
    package func loggedPath(of path: String) -> String? { nil }
}
