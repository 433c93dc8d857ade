internal import Access
internal import Accounts
internal import FoundationEssentials
internal import MongoStore
internal import SQLiteStore
internal import ServerKit

/// The accounts, rules and the key of one reading of a docker_auth configuration, and behind them those of the
/// databases that it names. Nothing can be added, for changes are made there.
struct DockerAuthStore: Sendable {
    private let accounts: [AccountName: Account]
    private let allRules: [Rule]
    private let key: StoredKey
    private let databases: DockerAuthDatabases
    /// Nil where other sources are asked before the database.
    private let people: (any AccountStore)?

    init(_ plan: DockerAuthPlan, _ databases: DockerAuthDatabases) {
        accounts = Dictionary(plan.accounts.map { ($0.name, $0) }) { first, _ in first }
        allRules = plan.rules
        key = plan.key
        self.databases = databases
        people = plan.hasOtherSources ? nil : databases.users
    }

    /// These, and the tokens of those who sign in by browser where there is a place for them.
    func stores(people: SQLiteStore?) -> AccountStores {
        guard let people else { return AccountStores(self) }
        return AccountStores(
            accounts: self, rules: self, tokens: people, keys: self,
            signal: DockerAuthSignal(own: self, people: people))
    }

    private static func refusal() -> StoreError {
        StoreError(.refused, "the configuration of docker_auth is changed in its file")
    }
}

extension DockerAuthStore: ChangeSignal {
    /// Those of the file sign in while a database is away; all others are asked for anew then, and cannot be.
    var generation: UInt64 {
        (databases.users?.generationWithReach ?? 0) &+ (databases.rules?.generation ?? 0)
    }
}

/// Moves with the configuration's databases, and with the tokens.
private struct DockerAuthSignal: ChangeSignal {
    let own: DockerAuthStore
    let people: SQLiteStore

    var generation: UInt64 { own.generation &+ people.generation }
}

extension DockerAuthStore: AccountStore {
    func account(named name: AccountName) async throws(StoreError) -> Account? {
        if let known = accounts[name] { return known }
        // Who has not signed in has no name to ask other sources for.
        return try await (name.isAnonymous ? databases.users : people)?.account(named: name)
    }

    func accounts(after last: AccountName?, limit: Int) async throws(StoreError) -> [Account] {
        let names = accounts.keys.filter { name in last.map { $0 < name } ?? true }
        return names.sorted().prefix(limit).compactMap { accounts[$0] }
    }

    func add(_ account: Account) async throws(StoreError) { throw Self.refusal() }
    func update(_ account: Account) async throws(StoreError) { throw Self.refusal() }
    func remove(_ name: AccountName) async throws(StoreError) -> Bool { throw Self.refusal() }
}

extension DockerAuthStore: RuleStore {
    /// Those of the file, and behind them those of the database in the order of `seq`.
    func rules() async throws(StoreError) -> [Rule] {
        guard let database = databases.rules else { return allRules }
        var rules = allRules
        for var rule in try await database.rules() {
            rule.seq = rules.count + 1
            rules.append(rule)
        }
        return rules
    }
    func add(_ rule: Rule) async throws(StoreError) { throw Self.refusal() }
    func move(_ seq: Int, to target: Int) async throws(StoreError) { throw Self.refusal() }
    func remove(_ seq: Int) async throws(StoreError) -> Bool { throw Self.refusal() }
}

/// Without somebody who signs in by browser there are neither access tokens nor refresh tokens.
extension DockerAuthStore: TokenStore {
    func token(_ id: TokenID) async throws(StoreError) -> StoredToken? { nil }

    func tokens(
        of account: AccountName?, after last: TokenID?, limit: Int
    ) async throws(StoreError) -> [StoredToken] { [] }

    func add(_ token: StoredToken) async throws(StoreError) { throw Self.refusal() }
    func revoke(_ id: TokenID) async throws(StoreError) -> Bool { false }
    func noteUse(_ id: TokenID, at date: Date) async throws(StoreError) {}
    func removeExpired(before moment: Date) async throws(StoreError) -> Int { 0 }
}

extension DockerAuthStore: SigningKeyStore {
    func keys() async throws(StoreError) -> [StoredKey] { [key] }
    func add(_ key: StoredKey, after newest: String?) async throws(StoreError) { throw Self.refusal() }
    func remove(_ id: String) async throws(StoreError) -> Bool { throw Self.refusal() }
}
