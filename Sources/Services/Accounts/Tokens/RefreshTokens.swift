package import FoundationEssentials
import ServerKit

/// Tokens that a login hands out so that a client need not keep the password (token spec, "refresh_token").
///
/// Each is good for one account at one service. It falls with its account, with a change of the account's
/// password (its stored hash covers the password's hash, so also when the password is changed behind our
/// back), when it is revoked, and when it was not used for a while.
package struct RefreshTokens: Sendable {
    package struct Settings: Sendable {
        /// Seconds after its last use when it ends.
        package var idle: TimeInterval = 90 * 86_400
        /// Seconds after it was made when it ends in any case; nil for never.
        package var absolute: TimeInterval? = 365 * 86_400
        /// How many an account may have; with one more, the one that was not used for longest goes.
        package var perAccount = 50

        package init() {}
    }

    private let stores: AccountStores
    private let standing: Standing
    private let accessTokens: AccessTokens
    private let settings: Settings
    private let now: WallClock

    init(
        _ stores: AccountStores, standing: Standing, accessTokens: AccessTokens, settings: Settings,
        now: @escaping WallClock
    ) {
        self.stores = stores
        self.standing = standing
        self.accessTokens = accessTokens
        self.settings = settings
        self.now = now
    }

    /// Makes one for somebody who has just shown the password.
    func issue(to account: Account, service: String, clientID: String) async throws(StoreError) -> Secret {
        try await makeRoom(for: account)
        let token = TokenText.draw(.refresh)
        let moment = now()
        try await stores.tokens.add(
            StoredToken(
                id: token.id, kind: .refresh, account: account.name, name: clientID,
                secretHash: token.secretHash(boundTo: Self.binding(account)), service: service,
                createdAt: moment, expires: settings.absolute.map(moment.addingTimeInterval)))
        return Secret(token.revealed)
    }

    /// Whose it is; nil for one that does not stand, or stands for another service.
    func use(_ text: Secret, service: String) async throws(StoreError) -> SignedIn? {
        guard let token = TokenText(text.revealed), token.kind == .refresh,
            let found = try await standing.token(token.id), found.stored.kind == .refresh,
            found.isStanding(at: now()), try await isInUse(found.stored),
            found.stored.service == service,
            let record = try await standing.record(of: found.stored.account), record.isStanding(at: now()),
            ConstantTime.areEqual(
                found.stored.secretHash, token.secretHash(boundTo: Self.binding(record.account)))
        else { return nil }
        await accessTokens.noteUse(token.id)
        return SignedIn(
            account: record.account, credential: .refreshToken(token.id),
            credentialExpires: found.stored.expires)
    }

    /// Whether the token was used lately. A use moves no generation, so what is remembered may be older than
    /// what is stored.
    private func isInUse(_ token: StoredToken) async throws(StoreError) -> Bool {
        if isRecent(token) { return true }
        return try await stores.tokens.token(token.id).map(isRecent) ?? false
    }

    private func isRecent(_ token: StoredToken) -> Bool {
        now().timeIntervalSince(token.lastUsed ?? token.createdAt) < settings.idle
    }

    private func makeRoom(for account: Account) async throws(StoreError) {
        var held: [StoredToken] = []
        do throws(AccountError) {
            held = try await accessTokens.list(of: account.name).filter { $0.kind == .refresh }
        } catch {
            throw StoreError(.unavailable, "listing refresh tokens", cause: error)
        }
        guard held.count >= settings.perAccount else { return }
        held.sort { ($0.lastUsed ?? $0.createdAt) < ($1.lastUsed ?? $1.createdAt) }
        for token in held.prefix(held.count - settings.perAccount + 1) {
            _ = try await stores.tokens.revoke(token.id)
        }
    }

    private static func binding(_ account: Account) -> String { account.passwordHash?.storedText ?? "" }
}
