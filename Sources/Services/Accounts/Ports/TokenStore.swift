package import Access
package import FoundationEssentials
package import ServerKit

/// Where access tokens (made by people for machines) and refresh tokens (made by logins) are kept, hashed.
///
/// Every backend passes `checkTokenStoreContract`.
package protocol TokenStore: Sendable {
    /// The token with this public identifier, or nil.
    func token(_ id: TokenID) async throws(StoreError) -> StoredToken?

    /// One page of tokens in order of their identifiers, those after `last`; of one account, or of all.
    func tokens(of account: AccountName?, after last: TokenID?, limit: Int) async throws(StoreError)
        -> [StoredToken]

    /// Adds a token. Throws `.conflict` when the identifier is taken, or when the account has a token of this
    /// name; refresh tokens are named after clients, so an account may have many of one name.
    ///
    /// The account need not be in the `AccountStore`: it may be known to another directory.
    func add(_ token: StoredToken) async throws(StoreError)

    /// Removes a token; false when there was none.
    func revoke(_ id: TokenID) async throws(StoreError) -> Bool

    /// Notes that a token was used. Not durable at once.
    func noteUse(_ id: TokenID, at date: Date) async throws(StoreError)

    /// Removes tokens whose time ended before `moment`; returns how many.
    func removeExpired(before moment: Date) async throws(StoreError) -> Int
}

/// The public part of a token, by which it is found and revoked: 16 lowercase base-32 digits.
package struct TokenID: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: Substring) {
        let isPlain = text.utf8.allSatisfy { (97...122).contains($0) || (50...55).contains($0) }
        guard text.utf8.count == 16, isPlain else { return nil }
        self.description = String(text)
    }
}

/// A token as it is kept: never the token itself.
package struct StoredToken: Sendable, Hashable {
    package enum Kind: String, Sendable {
        /// Made by a person for a machine; usable as the password of its account.
        case access
        /// Opens one calendar feed; part of its URL.
        case calendar
        /// Handed out by the token server on a login, for one service (token spec, "refresh_token").
        case refresh
    }

    package let id: TokenID
    package let kind: Kind
    package let account: AccountName
    /// What the person called it; for a refresh token the client's `client_id`.
    package let name: String
    /// SHA-256 of the secret part, which has at least 160 random bits of its own.
    package let secretHash: [UInt8]
    /// What it may be used for at most, `repository:prod/*:pull`; an empty list leaves that to the account's
    /// rules.
    package let scopes: [String]
    /// For a refresh token the one service it is good for.
    package let service: String?
    package let createdAt: Date
    package let expires: Date?
    package var lastUsed: Date?

    package init(
        id: TokenID, kind: Kind, account: AccountName, name: String, secretHash: [UInt8],
        scopes: [String] = [],
        service: String? = nil, createdAt: Date, expires: Date?, lastUsed: Date? = nil
    ) {
        self.id = id
        self.kind = kind
        self.account = account
        self.name = name
        self.secretHash = secretHash
        self.scopes = scopes
        self.service = service
        self.createdAt = createdAt
        self.expires = expires
        self.lastUsed = lastUsed
    }
}
