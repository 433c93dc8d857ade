package import Access
package import FoundationEssentials
package import ServerKit

/// Where accounts are kept.
///
/// Every backend passes `checkAccountStoreContract`.
package protocol AccountStore: Sendable {
    /// The account with this name, or nil when there is none.
    func account(named name: AccountName) async throws(StoreError) -> Account?

    /// One page of accounts in byte order of their names, those after `last`.
    func accounts(after last: AccountName?, limit: Int) async throws(StoreError) -> [Account]

    /// Adds an account. Throws `.conflict` when the name is taken.
    func add(_ account: Account) async throws(StoreError)

    /// Replaces the account of the same name. Throws `.missing` when there is none.
    func update(_ account: Account) async throws(StoreError)

    /// Removes an account with its access tokens and refresh tokens; false when there was none.
    func remove(_ name: AccountName) async throws(StoreError) -> Bool
}

/// Somebody who may sign in.
package struct Account: Sendable, Hashable {
    package let name: AccountName
    /// Nil for an account that has no password: it signs in with access tokens only. The anonymous account
    /// has none.
    package var passwordHash: PasswordHash?
    package var labels: Labels
    /// Before this moment the account may do nothing; nil for no such time.
    package var notBefore: Date?
    /// From this moment on the account may do nothing; nil for never.
    package var expires: Date?
    package var isDisabled: Bool
    package var createdAt: Date

    package init(
        name: AccountName, passwordHash: PasswordHash?, labels: Labels = [:], notBefore: Date? = nil,
        expires: Date? = nil, isDisabled: Bool = false, createdAt: Date
    ) {
        self.name = name
        self.passwordHash = passwordHash
        self.labels = labels
        self.notBefore = notBefore
        self.expires = expires
        self.isDisabled = isDisabled
        self.createdAt = createdAt
    }
}

/// A password's hash in the notation of crypt(3), `$2y$10$…`. Prints as `***`.
package struct PasswordHash: Sendable, Hashable, CustomStringConvertible {
    package let storedText: String

    package init(storedText: String) { self.storedText = storedText }

    package var description: String { "***" }
}
