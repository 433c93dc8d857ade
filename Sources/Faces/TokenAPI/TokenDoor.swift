package import HTTPKit
import HTTPTypes
package import Hummingbird
import Synchronization

/// A token server that stands alone, all of its addresses under a prefix: those of `TokenAPI` and, for whoever
/// only looks whether it is there, `/`.
///
/// What answers can be replaced as a whole; requests under way keep what they began with.
package final class TokenDoor: Face {
    package struct Content: Sendable {
        /// Without a slash at its end; empty for none.
        let prefix: String
        /// What `/` says.
        let greeting: String
        /// Whether nobody gets a token whose address is not known.
        let needsAddress: Bool
        let tokens: TokenAPI

        package init(prefix: String, greeting: String, needsAddress: Bool, tokens: TokenAPI) {
            self.prefix = prefix
            self.greeting = greeting
            self.needsAddress = needsAddress
            self.tokens = tokens
        }
    }

    private let current: Mutex<Content>

    package init(_ content: Content) { current = Mutex(content) }

    package func replace(with content: Content) { current.withLock { $0 = content } }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        let content = current.withLock { $0 }
        guard let path = Self.path(of: request, under: content.prefix) else { return nil }
        if path == "/" {
            guard request.method == .get || request.method == .head else { return nil }
            return .text(content.greeting + "\n")
        }
        if content.needsAddress, context.clientAddress == nil, TokenAPI.givesTokens(at: path) {
            return try TokenProblem.invalidRequest("the proxy does not say who the client is")
                .response(realm: content.greeting)
        }
        var head = request.head
        head.path = path + (request.uri.query.map { "?\($0)" } ?? "")
        return try await content.tokens.respond(to: Request(head: head, body: request.body), context: context)
    }

    /// The path without the prefix; nil for one that is not under it.
    private static func path(of request: Request, under prefix: String) -> String? {
        let path = String(request.uri.path)
        guard path.hasPrefix(prefix) else { return nil }
        let rest = path.dropFirst(prefix.count)
        return rest.isEmpty ? "/" : rest.hasPrefix("/") ? String(rest) : nil
    }
}
