package import Access
import FoundationEssentials
package import ServerKit

/// Answers requests for bearer tokens: who is asking, what they may have of what they want, and a signed
/// token for it.
package struct TokenService: Sendable {
    /// What somebody shows of themselves.
    package enum Proof: Sendable {
        /// A password or an access token.
        case credentials(BasicCredentials)
        case refreshToken(Secret)
        case nothing
    }

    package struct Request: Sendable {
        package var proof: Proof
        /// Whom the token is for.
        package var audience: Audience
        package var scopes: [Scope]
        /// Whether a refresh token is wanted too.
        package var wantsRefreshToken: Bool
        /// What the client calls itself; names its refresh token.
        package var clientID: String
        package var address: String?
        /// What somebody who is believed says of whoever asks.
        package var vouched: Vouched?

        package init(
            proof: Proof, audience: Audience, scopes: [Scope] = [], wantsRefreshToken: Bool = false,
            clientID: String = "", address: String? = nil, vouched: Vouched? = nil
        ) {
            self.proof = proof
            self.audience = audience
            self.scopes = scopes
            self.wantsRefreshToken = wantsRefreshToken
            self.clientID = clientID
            self.address = address
            self.vouched = vouched
        }
    }

    /// A service that tokens are issued for.
    package struct Audience: Sendable, Hashable {
        package let service: String

        fileprivate init(service: String) { self.service = service }
    }

    package struct Answer: Sendable {
        package let token: BearerToken
        /// One entry for each scope asked, in that order, with the actions that are granted; none is an empty
        /// list.
        package let granted: [Scope]
        /// The one that was used, or a new one if it was wanted and a password was shown.
        package let refreshToken: Secret?
    }

    package static let clientIDLengthMax = 128

    private let services: [String]
    private let acceptsAny: Bool
    private let issuesRefreshTokens: Bool
    private let standing: Standing
    private let signIn: SignIn
    private let vouchers: Vouchers
    private let budget: AccountBudget
    private let refreshTokens: RefreshTokens
    private let access: AccessControl
    private let issuer: TokenIssuer
    private let log: SignInLog
    private let now: WallClock

    init(
        services: [String], acceptsAny: Bool, issuesRefreshTokens: Bool, standing: Standing, signIn: SignIn,
        vouchers: Vouchers, budget: AccountBudget,
        refreshTokens: RefreshTokens,
        access: AccessControl,
        issuer: TokenIssuer, log: SignInLog, now: @escaping WallClock
    ) {
        precondition(!services.isEmpty)
        self.services = services
        self.acceptsAny = acceptsAny
        self.issuesRefreshTokens = issuesRefreshTokens
        self.standing = standing
        self.signIn = signIn
        self.vouchers = vouchers
        self.budget = budget
        self.refreshTokens = refreshTokens
        self.access = access
        self.issuer = issuer
        self.log = log
        self.now = now
    }

    /// The service of this name, our own when a client names none; nil for one that is not served here: a
    /// token for it would be good for nothing, or for mischief.
    package func audience(named name: String?) -> Audience? {
        if acceptsAny { return Audience(service: name ?? "") }
        guard let name, !name.isEmpty else { return Audience(service: services[0]) }
        return services.contains(name) ? Audience(service: name) : nil
    }

    /// Issues a token.
    ///
    /// Asking for more than one may have is no failure: the token holds what is granted. Throws
    /// `.wrongCredentials` when nobody could be signed in, which includes nobody at all unless there is an
    /// anonymous account.
    package func answer(_ request: Request) async throws(SignInError) -> Answer {
        let signedIn = try await who(request)
        try budget.take(signedIn.account.name)
        do throws(StoreError) {
            let granted = try await access.granted(
                request.scopes, service: request.audience.service, to: signedIn, from: request.address)
            let token = try await issuer.issue(
                subject: signedIn.account.name, audience: request.audience.service, access: granted,
                credential: signedIn.credential.claim,
                ceiling: [signedIn.account.expires, signedIn.credentialExpires].compactMap(\.self).min())
            return Answer(
                token: token, granted: granted, refreshToken: try await refreshToken(request, signedIn))
        } catch {
            log.cannotAsk(error)
            throw .unavailable
        }
    }

    private func who(_ request: Request) async throws(SignInError) -> SignedIn {
        switch request.proof {
        case .credentials(let credentials):
            return try await signIn.signIn(
                credentials, vouched: request.vouched, from: request.address)
        case .refreshToken(let text):
            guard !standing.isAway else { throw .unavailable }
            if let signedIn = try await asking({ () async throws(StoreError) in
                try await refreshTokens.use(text, service: request.audience.service)
            }) {
                log.succeeded(signedIn)
                return signedIn
            }
            log.failed(account: "", address: request.address)
            throw .wrongCredentials
        case .nothing:
            if let vouched = request.vouched {
                let signedIn = try await vouchers.signIn(vouched)
                log.succeeded(signedIn)
                return signedIn
            }
            // Nobody has tried anything: this is no failed sign-in.
            guard
                let record = try await asking({ () async throws(StoreError) in
                    try await standing.lastingRecord(of: .anonymous)
                }), record.isStanding(at: now())
            else { throw .wrongCredentials }
            return SignedIn(account: record.account, credential: .nothing)
        }
    }

    private func refreshToken(_ request: Request, _ signedIn: SignedIn) async throws(StoreError) -> Secret? {
        switch (request.proof, signedIn.credential) {
        case (.refreshToken(let text), _): return text
        // An access token gets none: it would outlive it and know nothing of its bounds.
        case (.credentials, .password) where request.wantsRefreshToken && issuesRefreshTokens:
            return try await refreshTokens.issue(
                to: signedIn.account, service: request.audience.service, clientID: request.clientID)
        default: return nil
        }
    }

    private func asking<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(SignInError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            log.cannotAsk(error)
            throw .unavailable
        }
    }
}
