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
            !account.isDisabled && (account.notBefore.map { $0 <= moment } ?? true)
                && (account.expires.map { moment < $0 } ?? true)
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
    /// Those who have no account of our own, but a provider that vouches for them.
    let people: People
    private let accounts: GenerationCache<AccountName, Record>
    private let absent: GenerationCache<AccountName, Bool>
    private let tokens: GenerationCache<TokenID, Token>
    /// What a store that may be away said last, whatever has changed since.
    private let lastAccounts: GenerationCache<AccountName, Record?>
    private let lastTokens: GenerationCache<TokenID, Token>

    /// - Parameter predecessor: on the same stores; what it remembers is known here, too.
    init(_ stores: AccountStores, people: People = People(nil), succeeding predecessor: Standing? = nil) {
        self.stores = stores
        self.people = people
        accounts = predecessor?.accounts ?? GenerationCache(countMax: 10_000)
        absent = predecessor?.absent ?? GenerationCache(countMax: 1000)
        tokens = predecessor?.tokens ?? GenerationCache(countMax: 10_000)
        lastAccounts = predecessor?.lastAccounts ?? GenerationCache(countMax: 10_000)
        lastTokens = predecessor?.lastTokens ?? GenerationCache(countMax: 10_000)
    }

    /// To be read before anything that is remembered under it.
    var generation: UInt64 { stores.signal.generation }

    /// Whether the store is known to be away, so that nobody can sign in.
    var isAway: Bool { stores.signal.reach == .away }

    /// The account of a token that was issued before. While the store is away it is as it was read last: its tokens
    /// end by themselves, and nobody gets another until the store is back.
    func lastingRecord(of name: AccountName) async throws(StoreError) -> Record? {
        do throws(StoreError) {
            let record = try await record(of: name)
            if stores.signal.reach != .certain, record != nil || isWorthKnowing(name) {
                lastAccounts.remember(record, for: name, at: 0)
            }
            return record
        } catch {
            guard mayBeAway(error), let last = lastAccounts.value(for: name, at: 0) else { throw error }
            return last
        }
    }

    /// The stored token that another one was issued for; while the store is away, as it was read last.
    func lastingToken(_ id: TokenID) async throws(StoreError) -> Token? {
        do throws(StoreError) {
            let token = try await token(id)
            if stores.signal.reach != .certain {
                if let token {
                    lastTokens.remember(token, for: id, at: 0)
                } else if lastTokens.value(for: id, at: 0) != nil {
                    lastTokens.removeAll()
                }
            }
            return token
        } catch {
            guard mayBeAway(error), let last = lastTokens.value(for: id, at: 0) else { throw error }
            return last
        }
    }

    private func mayBeAway(_ error: StoreError) -> Bool {
        error.kind == .unavailable && stores.signal.reach != .certain
    }

    /// Whether it is remembered of a name that nobody has it. Not of every one, or whoever tries names would push out
    /// the others.
    private func isWorthKnowing(_ name: AccountName) -> Bool {
        name.isAnonymous || lastAccounts.value(for: name, at: 0) != nil
    }

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
