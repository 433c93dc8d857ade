package import Access
package import Accounts
package import ServerKit

/// A server that says whether a name and a password are right: the same JSON that programs are asked in.
package struct WebPeople: SignInSource {
    package let name = "http"
    private let server: AnsweringServer

    package init(_ server: AnsweringServer) { self.server = server }

    package func answer(
        _ account: AccountName, password: Secret, from address: String?
    ) async -> SourceAnswer {
        do throws(StoreError) {
            return SourceJSON.answer(
                try await server.ask(SourceJSON.question(account, password, from: address)))
        } catch {
            return .cannotAsk(error.description)
        }
    }

    package func trouble() async -> String? { await server.trouble() }
}
