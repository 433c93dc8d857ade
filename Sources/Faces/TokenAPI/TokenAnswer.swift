import Access
import Accounts
import FoundationEssentials
import HTTPKit
import HTTPTypes
import Hummingbird
import ServerKit

/// A token as clients get it (token spec, "Token Response Fields"; OAuth2 page, "Token Response Fields").
struct TokenAnswer: Encodable {
    private let token: String
    private let expiresIn: Int
    private let issuedAt: String
    private let scope: String
    private let refreshToken: String?

    init(_ answer: TokenService.Answer) {
        token = answer.token.text.revealed
        expiresIn = answer.token.expiresIn
        issuedAt = answer.token.issuedAt.formatted(.iso8601)
        scope = answer.granted.filter { !$0.actions.isEmpty }.map(\.description).joined(separator: " ")
        refreshToken = answer.refreshToken?.revealed
    }

    func response() throws -> Response {
        try .json(self, headers: [.cacheControl: "no-store", .pragma: "no-cache"])
    }

    private enum CodingKeys: String, CodingKey {
        case token
        case accessToken = "access_token"
        case tokenType = "token_type"
        case expiresIn = "expires_in"
        case issuedAt = "issued_at"
        case scope
        case refreshToken = "refresh_token"
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        // Some clients know the one name, some the other.
        try fields.encode(token, forKey: .token)
        try fields.encode(token, forKey: .accessToken)
        try fields.encode("Bearer", forKey: .tokenType)
        try fields.encode(expiresIn, forKey: .expiresIn)
        try fields.encode(issuedAt, forKey: .issuedAt)
        try fields.encode(scope, forKey: .scope)
        try fields.encodeIfPresent(refreshToken, forKey: .refreshToken)
    }
}

extension HTTPField.Name {
    static let pragma = Self("Pragma") ?? .cacheControl
}
