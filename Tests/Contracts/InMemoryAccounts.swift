package import Access
package import Accounts
package import FoundationEssentials
package import ServerKit
import Synchronization

/// Accounts, rules, tokens and keys in memory: the double that passes the contracts of all ports of
/// `Accounts`.
package final class InMemoryAccounts: Sendable {
    struct State {
        var accounts: [AccountName: Account] = [:]
        var rules: [Int: Rule] = [:]
        var tokens: [TokenID: StoredToken] = [:]
        /// Oldest first.
        var keys: [StoredKey] = []
        var generation: UInt64 = 0
        var failure: StoreError?
        var reach = StoreReach.certain
    }

    let state = Mutex(State())

    package init() {}

    /// From now on every call throws this; nil ends it.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    /// From now on it is such a store as lies elsewhere: while it is away accounts and tokens cannot be read, rules and
    /// keys are as they were.
    package func lies(_ reach: StoreReach) {
        state.withLock { state in
            state.reach = reach
            state.generation += 1
        }
    }

    /// Reads, or changes without the generation moving.
    func access<Value: Sendable>(_ body: (inout State) throws(StoreError) -> Value) throws(StoreError)
        -> Value
    {
        let result: Result<Value, StoreError> = state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            do throws(StoreError) {
                return .success(try body(&state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Changes, and moves the generation when that succeeded.
    func change<Value: Sendable>(_ body: (inout State) throws(StoreError) -> Value) throws(StoreError)
        -> Value
    {
        try access { (state) throws(StoreError) in
            let value = try body(&state)
            state.generation += 1
            return value
        }
    }
}

extension InMemoryAccounts: ChangeSignal {
    package var generation: UInt64 { state.withLock(\.generation) }
    package var reach: StoreReach { state.withLock(\.reach) }
}

extension InMemoryAccounts: AccountStore {
    package func account(named name: AccountName) async throws(StoreError) -> Account? {
        try access { (state) throws(StoreError) in
            if state.reach == .away { throw StoreError(.unavailable, "away") }
            return state.accounts[name]
        }
    }

    package func accounts(after last: AccountName?, limit: Int) async throws(StoreError) -> [Account] {
        try access { state in
            let sorted = state.accounts.values.sorted { isBefore($0.name, $1.name) }
            return Array(sorted.filter { last == nil || isBefore(last ?? .anonymous, $0.name) }.prefix(limit))
        }
    }

    package func add(_ account: Account) async throws(StoreError) {
        try change { (state) throws(StoreError) in
            guard state.accounts[account.name] == nil else {
                throw StoreError(.conflict, "adding account \(account.name)")
            }
            state.accounts[account.name] = account
        }
    }

    package func update(_ account: Account) async throws(StoreError) {
        try change { (state) throws(StoreError) in
            guard state.accounts[account.name] != nil else {
                throw StoreError(.missing, "changing account \(account.name)")
            }
            state.accounts[account.name] = account
        }
    }

    package func remove(_ name: AccountName) async throws(StoreError) -> Bool {
        try change { state in
            state.tokens = state.tokens.filter { $0.value.account != name }
            return state.accounts.removeValue(forKey: name) != nil
        }
    }

    private func isBefore(_ left: AccountName, _ right: AccountName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension InMemoryAccounts: RuleStore {
    package func rules() async throws(StoreError) -> [Rule] {
        try access { $0.rules.values.sorted { $0.seq < $1.seq } }
    }

    package func add(_ rule: Rule) async throws(StoreError) {
        try change { (state) throws(StoreError) in
            guard state.rules[rule.seq] == nil else { throw StoreError(.conflict, "adding rule \(rule.seq)") }
            state.rules[rule.seq] = rule
        }
    }

    package func move(_ seq: Int, to target: Int) async throws(StoreError) {
        try change { (state) throws(StoreError) in
            guard var rule = state.rules[seq] else { throw StoreError(.missing, "moving rule \(seq)") }
            guard seq == target || state.rules[target] == nil else {
                throw StoreError(.conflict, "moving rule \(seq) to \(target)")
            }
            rule.seq = target
            state.rules[seq] = nil
            state.rules[target] = rule
        }
    }

    package func remove(_ seq: Int) async throws(StoreError) -> Bool {
        try change { $0.rules.removeValue(forKey: seq) != nil }
    }
}

extension InMemoryAccounts: TokenStore {
    package func token(_ id: TokenID) async throws(StoreError) -> StoredToken? {
        try access { (state) throws(StoreError) in
            if state.reach == .away { throw StoreError(.unavailable, "away") }
            return state.tokens[id]
        }
    }

    package func tokens(of account: AccountName?, after last: TokenID?, limit: Int) async throws(StoreError)
        -> [StoredToken]
    {
        try access { state in
            let chosen = state.tokens.values.filter { token in
                (account == nil || token.account == account)
                    && last.map(\.description) ?? "" < token.id.description
            }
            return Array(chosen.sorted { $0.id.description < $1.id.description }.prefix(limit))
        }
    }

    package func add(_ token: StoredToken) async throws(StoreError) {
        try change { (state) throws(StoreError) in
            let isNameTaken = state.tokens.values.contains { other in
                other.account == token.account && other.name == token.name
                    && other.kind != .refresh && token.kind != .refresh
            }
            guard state.tokens[token.id] == nil, !isNameTaken else {
                throw StoreError(.conflict, "adding token \(token.name) of \(token.account)")
            }
            state.tokens[token.id] = token
        }
    }

    package func revoke(_ id: TokenID) async throws(StoreError) -> Bool {
        try change { $0.tokens.removeValue(forKey: id) != nil }
    }

    package func noteUse(_ id: TokenID, at date: Date) async throws(StoreError) {
        try access { $0.tokens[id]?.lastUsed = date }
    }

    package func removeExpired(before moment: Date) async throws(StoreError) -> Int {
        try change { state in
            let count = state.tokens.count
            state.tokens = state.tokens.filter { $0.value.expires.map { $0 >= moment } ?? true }
            return count - state.tokens.count
        }
    }
}

extension InMemoryAccounts: SigningKeyStore {
    package func keys() async throws(StoreError) -> [StoredKey] {
        try access { $0.keys.reversed() }
    }

    package func add(_ key: StoredKey, after newest: String?) async throws(StoreError) {
        try change { (state) throws(StoreError) in
            guard state.keys.last?.id == newest, !state.keys.contains(where: { $0.id == key.id }) else {
                throw StoreError(.conflict, "adding signing key \(key.id)")
            }
            state.keys.append(key)
        }
    }

    package func remove(_ id: String) async throws(StoreError) -> Bool {
        try change { state in
            let count = state.keys.count
            state.keys.removeAll { $0.id == id }
            return state.keys.count < count
        }
    }
}
