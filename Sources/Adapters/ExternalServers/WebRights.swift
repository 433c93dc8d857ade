package import Access
import Accounts
package import ServerKit

/// A server that says what somebody may do, where no rule does.
package struct WebRights: AccessDecider {
    private let server: AnsweringServer

    package init(_ server: AnsweringServer) { self.server = server }

    package func granted(_ request: AccessRequest) async throws(StoreError) -> [String]? {
        try DecisionJSON.answer(try await server.ask(DecisionJSON.question(request)), to: request)
    }

    package func trouble() async -> String? { await server.trouble() }
}
