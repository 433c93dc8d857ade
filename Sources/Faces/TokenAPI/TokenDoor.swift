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
        /// What else is under the prefix, asked first; it is shown paths without it.
        let pages: (any Face)?

        package init(
            prefix: String, greeting: String, needsAddress: Bool, tokens: TokenAPI,
            pages: (any Face)? = nil
        ) {
            self.prefix = prefix
            self.greeting = greeting
            self.needsAddress = needsAddress
            self.tokens = tokens
            self.pages = pages
        }
    }

    private let current: Mutex<Content>

    package init(_ content: Content) { current = Mutex(content) }

    package func replace(with content: Content) { current.withLock { $0 = content } }

    package func respond(to request: Request, context: HomeportContext) async throws -> Response? {
        let content = current.withLock { $0 }
        guard let path = Self.path(of: request, under: content.prefix) else { return nil }
        var head = request.head
        head.path = path + (request.uri.query.map { "?\($0)" } ?? "")
        let inner = Request(head: head, body: request.body)
        if let answer = try await content.pages?.respond(to: inner, context: context) { return answer }
        if path == "/" {
            guard request.method == .get || request.method == .head else { return nil }
            return .text(content.greeting + "\n")
        }
        if content.needsAddress, context.clientAddress == nil, TokenAPI.givesTokens(at: path) {
            return try TokenProblem.invalidRequest("the proxy does not say who the client is")
                .response(realm: content.greeting)
        }
        return try await content.tokens.respond(to: inner, context: context)
    }

    /// The path without the prefix; nil for one that is not under it.
    private static func path(of request: Request, under prefix: String) -> String? {
        let path = String(request.uri.path)
        guard path.hasPrefix(prefix) else { return nil }
        let rest = path.dropFirst(prefix.count)
        return rest.isEmpty ? "/" : rest.hasPrefix("/") ? String(rest) : nil
    }
}
