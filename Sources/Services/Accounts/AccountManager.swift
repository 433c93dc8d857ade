package import Access
package import FoundationEssentials
package import ServerKit

/// What is to change in an account; what is nil stays.
package struct AccountChange: Sendable {
    /// All labels anew.
    package var labels: Labels?
    /// Labels that are set or, with an empty list, taken away; the others stay.
    package var labelChanges: Labels
    package var expires: Expiry?
    package var isDisabled: Bool?

    package enum Expiry: Sendable, Hashable {
        case never
        case at(Date)
    }

    package init(
        labels: Labels? = nil, labelChanges: Labels = [:], expires: Expiry? = nil, isDisabled: Bool? = nil
    ) {
        self.labels = labels
        self.labelChanges = labelChanges
        self.expires = expires
        self.isDisabled = isDisabled
    }
}

/// Adds, changes and removes accounts. What it did counts on the next request, wherever the same store is
/// served.
package struct AccountManager: Sendable {
    private let stores: AccountStores
    private let hasher: PasswordHasher
    private let now: WallClock

    package static let labelsMax = 100
    package static let labelValuesMax = 1000
    package static let labelLengthMax = 255

    package init(_ stores: AccountStores, hasher: PasswordHasher, now: @escaping WallClock) {
        self.stores = stores
        self.hasher = hasher
        self.now = now
    }

    /// How a new account signs in.
    package enum Password: Sendable {
        case plain(Secret)
        /// A hash made elsewhere, as `htpasswd -nB` writes it after the colon.
        case hashed(PasswordHash)
        /// By access tokens only.
        case none
    }

    /// Adds an account. The anonymous one (an empty name) has no password and means: whoever shows no
    /// credentials.
    package func add(
        _ name: AccountName, password: Password, labels: Labels = [:], expires: Date? = nil
    ) async throws(AccountError) -> Account {
        try Self.check(labels)
        let account = Account(
            name: name, passwordHash: try await hash(password, for: name), labels: labels, expires: expires,
            createdAt: now())
        do {
            try await stores.accounts.add(account)
        } catch  where error.kind == .conflict {
            throw .nameTaken(name)
        } catch {
            throw .store(error)
        }
        return account
    }

    package func account(named name: AccountName) async throws(AccountError) -> Account {
        do {
            if let account = try await stores.accounts.account(named: name) { return account }
        } catch {
            throw .store(error)
        }
        throw .unknownAccount(name)
    }

    /// One page of accounts in the order of their names.
    package func list(after last: AccountName? = nil, limit: Int = 100) async throws(AccountError)
        -> [Account]
    {
        do {
            return try await stores.accounts.accounts(after: last, limit: limit)
        } catch {
            throw .store(error)
        }
    }

    /// Changes labels, expiry or whether the account is disabled.
    package func change(_ name: AccountName, _ change: AccountChange) async throws(AccountError) -> Account {
        var account = try await account(named: name)
        if let labels = change.labels { account.labels = labels }
        for (label, values) in change.labelChanges { account.labels[label] = values.isEmpty ? nil : values }
        try Self.check(account.labels)
        switch change.expires {
        case .never: account.expires = nil
        case .at(let date): account.expires = date
        case nil: break
        }
        if let isDisabled = change.isDisabled { account.isDisabled = isDisabled }
        try await save(account)
        return account
    }

    /// Gives the account another password, or none. Its refresh tokens, and the bearer tokens that were
    /// issued for the old one, are worth nothing from then on; its access tokens stay.
    package func setPassword(_ name: AccountName, to password: Password) async throws(AccountError) {
        var account = try await account(named: name)
        account.passwordHash = try await hash(password, for: name)
        try await save(account)
        do {
            var last: TokenID?
            repeat {
                let page = try await stores.tokens.tokens(of: name, after: last, limit: 200)
                for token in page where token.kind == .refresh {
                    _ = try await stores.tokens.revoke(token.id)
                }
                last = page.last?.id
            } while last != nil
        } catch {
            throw .store(error)
        }
    }

    /// Removes an account and all its tokens.
    package func remove(_ name: AccountName) async throws(AccountError) {
        do {
            if try await stores.accounts.remove(name) { return }
        } catch {
            throw .store(error)
        }
        throw .unknownAccount(name)
    }

    private func save(_ account: Account) async throws(AccountError) {
        do {
            try await stores.accounts.update(account)
        } catch  where error.kind == .missing {
            throw .unknownAccount(account.name)
        } catch {
            throw .store(error)
        }
    }

    private func hash(_ password: Password, for name: AccountName) async throws(AccountError) -> PasswordHash?
    {
        switch password {
        case .none: return nil
        case _ where name.isAnonymous: throw .anonymous("the anonymous account has no password")
        case .plain(let text): return try await hasher.hash(text)
        case .hashed(let hash):
            try hasher.checkAccepted(hash)
            return hash
        }
    }

    private static func check(_ labels: Labels) throws(AccountError) {
        guard labels.count <= labelsMax else { throw .invalid("an account has at most \(labelsMax) labels") }
        for (name, values) in labels {
            guard isPlain(name) else {
                throw .invalid("a label's name has 1 to \(labelLengthMax) bytes and no control characters")
            }
            guard !values.isEmpty, values.count <= labelValuesMax, values.allSatisfy({ isPlain($0.text) })
            else {
                throw .invalid(
                    "label \(name): it has 1 to \(labelValuesMax) values, each of 1 to \(labelLengthMax) bytes "
                        + "without control characters")
            }
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= labelLengthMax
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
