package import FoundationEssentials
import ServerKit

/// The tokens of somebody who looks at the page.
extension BrowserSignIn {
    /// What a token may be used for.
    package enum Reach: String, Sendable, CaseIterable {
        /// All that the person may do.
        case all
        /// Pulling alone.
        case pull

        var scopes: [String] { self == .all ? [] : ["repository:**:pull"] }
    }

    /// The person's tokens, newest first.
    package func tokens(of visit: Visit) async throws(AccountError) -> [StoredToken] {
        try await tokens.list(of: visit.person.account).filter { $0.kind == .access }
            .sorted { ($0.createdAt, $0.id.description) > ($1.createdAt, $1.id.description) }
    }

    /// Makes a token, whose text is known this once.
    ///
    /// - Parameter life: in seconds; no longer than the provider's people may have them.
    package func makeToken(
        _ name: String, life: TimeInterval, reach: Reach, for visit: Visit
    ) async throws(AccountError) -> AccessTokens.Made {
        guard try await tokens(of: visit).count < Self.tokensMax else {
            throw .invalid("you have \(Self.tokensMax) tokens already; revoke one that is not needed")
        }
        return try await tokens.create(
            for: visit.person, name: name, scopes: reach.scopes,
            expires: now().addingTimeInterval(min(life, visit.tokenLifeMax)))
    }

    /// Revokes one of the person's own tokens.
    package func revokeToken(_ id: String, of visit: Visit) async throws(AccountError) {
        guard let token = try await tokens(of: visit).first(where: { $0.id.description == id }) else {
            throw .unknownToken(id)
        }
        try await tokens.revoke(token.id)
    }
}
