package import Access
package import FoundationEssentials
import Logging
package import ServerKit
import Synchronization

/// Tokens that people make for machines (`.access`) and for calendar feeds (`.calendar`): made, listed,
/// revoked, and recognised when they are shown.
package final class AccessTokens: Sendable {
    /// A token that was just made: the only time its text is known.
    package struct Made: Sendable {
        package let stored: StoredToken
        package let text: Secret
    }

    /// Whose a token is, and what it may be used for.
    package struct Found: Sendable {
        package let id: TokenID
        package let account: Account
        /// At most this; empty for whatever the account may do.
        package let bounds: [Scope]
        package let expires: Date?
        /// Whether a provider vouches for the account, which is none of our own.
        let isPersons: Bool
    }

    package static let nameLengthMax = 128
    package static let scopesMax = 50
    /// A use is noted in the store at most this often for each token, in seconds.
    private static let noteInterval: TimeInterval = 60
    private static let pageSize = 200

    private let stores: AccountStores
    private let standing: Standing
    private let now: WallClock
    private let noted = Mutex<[TokenID: Date]>([:])

    init(_ stores: AccountStores, standing: Standing, now: @escaping WallClock) {
        self.stores = stores
        self.standing = standing
        self.now = now
    }

    /// Makes a token of an account.
    ///
    /// - Parameters:
    ///   - name: what the person calls it, unique among the account's tokens.
    ///   - scopes: what it may be used for at most, `repository:prod/*:pull`; none for all that the account
    ///   may do.
    package func create(
        _ kind: StoredToken.Kind = .access, for account: AccountName, name: String, scopes: [String] = [],
        expires: Date? = nil
    ) async throws(AccountError) -> Made {
        guard !account.isAnonymous else { throw .anonymous("the anonymous account has no tokens") }
        do throws(StoreError) {
            guard try await stores.accounts.account(named: account) != nil else {
                throw StoreError(.missing, "making a token")
            }
        } catch {
            throw error.kind == .missing ? .unknownAccount(account) : .store(error)
        }
        return try await add(kind, of: account, boundTo: "", name: name, scopes: scopes, expires: expires)
    }

    /// Makes an access token of somebody for whom a provider vouches. It is good for nobody else, whoever gets the
    /// name some day.
    func create(
        for person: Person, name: String, scopes: [String], expires: Date
    ) async throws(AccountError) -> Made {
        try await add(
            .access, of: person.account, boundTo: person.binding, name: name, scopes: scopes, expires: expires
        )
    }

    private func add(
        _ kind: StoredToken.Kind, of account: AccountName, boundTo binding: String, name: String,
        scopes: [String], expires: Date?
    ) async throws(AccountError) -> Made {
        try Self.check(name: name, scopes: scopes)
        if let expires, expires <= now() { throw .invalid("the token would have expired already") }
        let token = TokenText.draw(kind)
        let stored = StoredToken(
            id: token.id, kind: kind, account: account, name: name,
            secretHash: token.secretHash(boundTo: binding), scopes: scopes, createdAt: now(), expires: expires
        )
        do throws(StoreError) {
            try await stores.tokens.add(stored)
        } catch {
            throw error.kind == .conflict ? .tokenNameTaken(name) : .store(error)
        }
        return Made(stored: stored, text: Secret(token.revealed))
    }

    /// All tokens of an account, or of everybody, refresh tokens among them.
    package func list(of account: AccountName? = nil) async throws(AccountError) -> [StoredToken] {
        var tokens: [StoredToken] = []
        while true {
            let page: [StoredToken]
            do {
                page = try await stores.tokens.tokens(
                    of: account, after: tokens.last?.id, limit: Self.pageSize)
            } catch {
                throw .store(error)
            }
            tokens += page
            if page.count < Self.pageSize { return tokens }
        }
    }

    /// Revokes the token with this identifier. It counts on the next request.
    package func revoke(_ id: TokenID) async throws(AccountError) {
        do {
            if try await stores.tokens.revoke(id) { return }
        } catch {
            throw .store(error)
        }
        throw .unknownToken(id.description)
    }

    /// Revokes the token of this name.
    package func revoke(named name: String, of account: AccountName) async throws(AccountError) {
        let named = try await list(of: account).filter { $0.name == name && $0.kind != .refresh }
        guard let token = named.first else { throw .unknownToken(name) }
        try await revoke(token.id)
    }

    /// Recognises a token that somebody shows; nil for one that is not ours, of another kind, revoked,
    /// expired, or of an account that may not do anything now.
    package func find(_ text: Secret, kind: StoredToken.Kind) async throws(StoreError) -> Found? {
        guard let token = TokenText(text.revealed) else { return nil }
        return try await find(token, kind: kind)
    }

    func find(_ text: TokenText, kind: StoredToken.Kind) async throws(StoreError) -> Found? {
        guard text.kind == kind, let token = try await standing.token(text.id), token.stored.kind == kind,
            token.isStanding(at: now())
        else { return nil }
        let name = token.stored.account
        var binding = ""
        var record = try await standing.record(of: name)
        let isPersons = record == nil
        if isPersons, let person = try await standing.people.person(name) {
            binding = person.binding
            record = try await standing.people.record(of: name)
        }
        guard ConstantTime.areEqual(token.stored.secretHash, text.secretHash(boundTo: binding)),
            let record, record.isStanding(at: now())
        else { return nil }
        await noteUse(text.id)
        return Found(
            id: text.id, account: record.account, bounds: token.bounds, expires: token.stored.expires,
            isPersons: isPersons)
    }

    /// Removes tokens whose time is over; returns how many.
    package func removeExpired() async throws(StoreError) -> Int {
        try await stores.tokens.removeExpired(before: now())
    }

    /// Notes that a token was used, unless that was noted a moment ago. That it was used is good to know, no
    /// more: when it cannot be noted the use goes on.
    func noteUse(_ id: TokenID) async {
        let moment = now()
        let isDue = noted.withLock { noted in
            if let last = noted[id], moment.timeIntervalSince(last) < Self.noteInterval { return false }
            if noted.count >= 10_000 { noted.removeAll() }
            noted[id] = moment
            return true
        }
        guard isDue else { return }
        do {
            try await stores.tokens.noteUse(id, at: moment)
        } catch {
            Logger.current.debug("a token's use was not noted", metadata: ["error": "\(error)"])
        }
    }

    private static func check(name: String, scopes: [String]) throws(AccountError) {
        guard !name.isEmpty, name.utf8.count <= nameLengthMax,
            name.unicodeScalars.allSatisfy({ !$0.properties.isWhitespace || $0 == " " }),
            name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { throw .invalid("a token's name has 1 to \(nameLengthMax) bytes and no control characters") }
        guard scopes.count <= scopesMax else { throw .invalid("a token has at most \(scopesMax) scopes") }
        do {
            for text in scopes { _ = try Scope(bound: text) }
        } catch {
            throw .invalid(error.description)
        }
    }
}
