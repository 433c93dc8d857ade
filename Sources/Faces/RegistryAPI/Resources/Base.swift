import Accounts
import HTTPKit
import Hummingbird

/// `/v2/`: says that this is a registry, and to whom it talks (end-1).
extension RegistryAPI {
    /// Somebody without credentials is sent for a token even where everybody may pull: this is how clients
    /// find out where to sign in.
    func base(_ request: Request, _ context: HomeportContext) async throws -> Response {
        let caller = try await gate.caller(request, context)
        guard caller.hasCredentials else {
            throw gate.challenge(request, context, scopes: [], problem: nil)
        }
        return try .json([String: String]())
    }
}
