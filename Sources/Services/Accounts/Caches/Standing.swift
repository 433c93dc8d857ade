import Access
import FoundationEssentials
import ServerKit

import struct Crypto.SHA256

/// Accounts and tokens as they stand at this moment: from memory as long as nothing changed, so that a
/// request can ask each time.
final class Standing: Sendable {
    /// An account, with what is derived from it once.
    struct Record: Sendable {
        let account: Account
        /// What a token issued for the password carries: another password, another mark.
        let passwordMark: String

        init(_ account: Account) {
            self.account = account
            let hash = SHA256.hash(data: Array((account.passwordHash?.storedText ?? "").utf8))
            self.passwordMark = Base64URL.encode(Array(hash.prefix(9)))
        }

        /// Whether the account may do anything at all.
        func isStanding(at moment: Date) -> Bool {
            !account.isDisabled && (account.expires.map { moment < $0 } ?? true)
        }
    }

    /// A stored token, with its bounds read once.
    struct Token: Sendable {
        let stored: StoredToken
        let bounds: [Scope]
        /// Whether the bounds could be read: a token whose bounds cannot is good for nothing.
        let isReadable: Bool

        init(_ stored: StoredToken) {
            self.stored = stored
            let bounds = stored.scopes.compactMap { try? Scope(bound: $0) }
            self.bounds = bounds
            self.isReadable = bounds.count == stored.scopes.count
        }

        func isStanding(at moment: Date) -> Bool {
            isReadable && (stored.expires.map { moment < $0 } ?? true)
        }
    }

    private let stores: AccountStores
    private let accounts = GenerationCache<AccountName, Record>(countMax: 10_000)
    private let absent = GenerationCache<AccountName, Bool>(countMax: 1000)
    private let tokens = GenerationCache<TokenID, Token>(countMax: 10_000)

    init(_ stores: AccountStores) { self.stores = stores }

    /// To be read before anything that is remembered under it.
    var generation: UInt64 { stores.signal.generation }

    /// The account, whether it stands or not.
    func record(of name: AccountName) async throws(StoreError) -> Record? {
        let generation = generation
        if let known = accounts.value(for: name, at: generation) { return known }
        // A name that nobody has is remembered too, or the second question about it would take longer than
        // about one that somebody has. In a place of its own: whoever tries names must not push out the
        // others.
        if absent.value(for: name, at: generation) != nil { return nil }
        guard let account = try await stores.accounts.account(named: name) else {
            absent.remember(true, for: name, at: generation)
            return nil
        }
        let record = Record(account)
        accounts.remember(record, for: name, at: generation)
        return record
    }

    /// The token, whether its time is over or not.
    func token(_ id: TokenID) async throws(StoreError) -> Token? {
        let generation = generation
        if let known = tokens.value(for: id, at: generation) { return known }
        guard let stored = try await stores.tokens.token(id) else { return nil }
        let token = Token(stored)
        tokens.remember(token, for: id, at: generation)
        return token
    }
}
