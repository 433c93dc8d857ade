package import Access
import Crypto
import FoundationEssentials
import Logging
import ServerKit

/// Says who is calling and what they may do, at the moment they ask.
///
/// What is asked often is answered from memory, without waiting: a token's signature is checked once,
/// accounts, tokens and rules are read once, and all of it anew when the store says that something changed.
package final class AccessControl: Authorizer {
    /// What a bearer token says, once its signature has been checked.
    private struct Verified: Sendable {
        let account: AccountName
        let credential: Credential
        let grants: [Scope]
        let expires: Int
        let notBefore: Int
    }

    /// A caller of a token that may be over.
    private enum Bearer {
        case standing(Caller)
        case ended(AccountName)
        case refused(String)
    }

    /// The one service whose tokens are believed, and the service that rules see.
    private let service: String
    private let expandsActions: Bool
    private let decider: (any AccessDecider)?
    private let standing: Standing
    private let guests: Guests
    private let vouchers: Vouchers
    private let rules: RuleBook
    private let issuer: TokenIssuer
    private let signIn: SignIn
    private let budget: AccountBudget
    private let log: SignInLog
    private let now: WallClock
    private let verified = GenerationCache<SHA256Digest, Verified>(countMax: 10_000)

    init(
        service: String, expandsActions: Bool, decider: (any AccessDecider)?, standing: Standing,
        guests: Guests, vouchers: Vouchers,
        rules: RuleBook, issuer: TokenIssuer,
        signIn: SignIn,
        budget: AccountBudget,
        log: SignInLog,
        now: @escaping WallClock
    ) {
        self.service = service
        self.expandsActions = expandsActions
        self.decider = decider
        self.standing = standing
        self.guests = guests
        self.vouchers = vouchers
        self.rules = rules
        self.issuer = issuer
        self.signIn = signIn
        self.budget = budget
        self.log = log
        self.now = now
    }

    package func caller(
        authorization: String?, vouched: Vouched?, from address: String?
    ) async throws(SignInError) -> Caller {
        let caller = try await who(authorization, vouched, from: address)
        try budget.take(caller.account)
        return caller
    }

    private func who(
        _ authorization: String?, _ vouched: Vouched?, from address: String?
    ) async throws(SignInError) -> Caller {
        guard let authorization else {
            if let vouched { return Self.caller(try await vouchers.signIn(vouched), from: address) }
            return Caller(account: .anonymous, address: address, hasCredentials: false)
        }
        if let token = AuthorizationScheme.value(of: "bearer", in: authorization) {
            switch try await bearer(String(token), from: address) {
            case .standing(let caller): return caller
            case .ended: throw .invalidToken("the token has expired")
            case .refused(let reason): throw .invalidToken(reason)
            }
        }
        guard let credentials = try BasicCredentials(authorization: authorization) else {
            throw .wrongCredentials
        }
        return Self.caller(
            try await signIn.signIn(credentials, vouched: vouched, from: address), from: address)
    }

    private static func caller(_ signedIn: SignedIn, from address: String?) -> Caller {
        Caller(
            account: signedIn.account.name, address: address, bounds: signedIn.bounds, hasCredentials: true,
            isPerson: signedIn.credential.isPersons, vouchedBy: signedIn.credential.vouchedBy)
    }

    package func granted(
        _ actions: [String], type: String, name: String, tag: TagContext, to caller: Caller
    ) async throws(SignInError) -> [String] {
        var asked = actions
        if let grants = caller.grants {
            asked = asked.filter { Self.grant(grants, type: type, name: name, action: $0) }
        }
        guard !asked.isEmpty else { return [] }
        return try await asking { [asked] () async throws(StoreError) in
            guard let record = try await record(of: caller), record.isStanding(at: now()) else {
                return []
            }
            return try await decide(
                asked, type: type, name: name, tag: tag, service: service, for: record.account,
                bounds: caller.bounds, from: caller.address, asksElse: !caller.asksRulesAlone)
        }
    }

    package func sessionAccount(authorization: String?) async throws(SignInError) -> AccountName? {
        guard let authorization, let token = AuthorizationScheme.value(of: "bearer", in: authorization),
            case .ended(let account) = try await bearer(String(token), from: nil)
        else { return nil }
        return account
    }

    /// What of each scope an account may have now, in the order asked, an empty list where it is nothing.
    func granted(
        _ scopes: [Scope], service: String, to signedIn: SignedIn, from address: String?
    ) async throws(StoreError) -> [Scope] {
        var granted: [Scope] = []
        for scope in scopes {
            var answer = scope
            answer.actions = try await decide(
                scope.actions, type: scope.type, name: scope.name, tag: .unknown, service: service,
                for: signedIn.account, bounds: signedIn.bounds, from: address)
            granted.append(answer)
        }
        return granted
    }

    private func decide(
        _ actions: [String], type: String, name: String, tag: TagContext, service: String,
        for account: Account,
        bounds: [Scope], from address: String?, asksElse: Bool = true
    ) async throws(StoreError) -> [String] {
        let policy = try await rules.policy()
        let request = AccessRequest(
            account: account.name, labels: account.labels, ip: address, service: service, type: type,
            name: name,
            actions: expandsActions ? RepositoryActions.expand(actions, of: type) : actions.sorted(),
            tag: tag)
        let decision = policy.decide(request, at: now())
        var granted = decision.granted
        if decision.rule == nil, decision.tagRules.isEmpty, let decider, asksElse,
            !request.actions.isEmpty
        {
            granted = try await decider.granted(request) ?? []
        }
        guard !bounds.isEmpty else { return granted }
        // Bounds that cannot be compiled leave nothing.
        guard let limit = try? ScopeBounds(bounds) else { return [] }
        return granted.filter { limit.covers(type: type, name: name, action: $0) }
    }

    private func bearer(_ token: String, from address: String?) async throws(SignInError) -> Bearer {
        try await asking { () async throws(StoreError) in
            let generation = standing.generation
            let digest = SHA256.hash(data: Array(token.utf8))
            if let known = verified.value(for: digest, at: generation) {
                return try await judge(known, from: address)
            }
            switch try await issuer.read(token, audience: service) {
            case .refused(let reason): return .refused(reason)
            case .valid(let claims), .ended(let claims):
                guard let read = Self.verified(claims) else {
                    return .refused("the token's claims cannot be read")
                }
                verified.remember(read, for: digest, at: generation)
                return try await judge(read, from: address)
            }
        }
    }

    /// Looks at what may have changed since a token was signed: the time, its account, what it was issued
    /// for.
    private func judge(_ token: Verified, from address: String?) async throws(StoreError) -> Bearer {
        let moment = now()
        guard let record = try await record(of: token.account, by: token.credential, at: moment),
            record.isStanding(at: moment),
            let bounds = try await bounds(of: token.credential, record, at: moment)
        else { return .refused("what this token was issued for no longer stands; sign in again") }
        let second = Int(moment.timeIntervalSince1970)
        guard second < token.expires + TokenIssuer.leeway else {
            guard second < token.expires + TokenIssuer.sessionMax else {
                return .refused("the token has expired")
            }
            return .ended(token.account)
        }
        return .standing(
            Caller(
                account: token.account, address: address, grants: token.grants, bounds: bounds,
                hasCredentials: token.credential != .nothing, isPerson: token.credential.isPersons,
                vouchedBy: token.credential.vouchedBy))
    }

    /// Who a token was issued to. An account of that name that was made since is somebody else.
    private func record(
        of name: AccountName, by credential: Credential, at moment: Date
    ) async throws(StoreError) -> Standing.Record? {
        let own = try await standing.lastingRecord(of: name)
        switch credential {
        case .source: return own == nil ? guests.record(of: name, at: moment) : nil
        case .vouched(let way): return vouchers.record(of: name, by: way, own: own, at: moment)
        case .personToken: return own == nil ? try await standing.people.record(of: name) : nil
        case .nothing, .password, .accessToken, .refreshToken: return own
        }
    }

    private func record(of caller: Caller) async throws(StoreError) -> Standing.Record? {
        let own = try await standing.lastingRecord(of: caller.account)
        if let way = caller.vouchedBy {
            return vouchers.record(of: caller.account, by: way, own: own, at: now())
        }
        guard caller.isPerson else { return own ?? guests.record(of: caller.account, at: now()) }
        return own == nil ? try await standing.people.record(of: caller.account) : nil
    }

    /// The bounds of the credential that a bearer token was issued for; nil when that no longer stands.
    private func bounds(
        of credential: Credential, _ record: Standing.Record, at moment: Date
    ) async throws(StoreError) -> [Scope]? {
        switch credential {
        case .nothing: return record.account.name.isAnonymous ? [] : nil
        case .source, .vouched: return []
        case .password(let mark): return mark == record.passwordMark ? [] : nil
        case .accessToken(let id), .personToken(let id), .refreshToken(let id):
            guard let token = try await standing.lastingToken(id), token.isStanding(at: moment),
                token.stored.account == record.account.name
            else { return nil }
            return token.bounds
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

    private static func verified(_ claims: TokenClaims) -> Verified? {
        let account = claims.subject.isEmpty ? AccountName.anonymous : try? AccountName(claims.subject)
        guard let account, let credential = Credential(claim: claims.credential) else { return nil }
        return Verified(
            account: account, credential: credential, grants: claims.access, expires: claims.expires,
            notBefore: claims.notBefore)
    }

    /// Whether a token's scopes hold this action. Scopes of the same resource count together.
    private static func grant(_ grants: [Scope], type: String, name: String, action: String) -> Bool {
        grants.contains { grant in
            grant.type == type && grant.name == name
                && (grant.actions.contains(action) || grant.actions.contains("*"))
        }
    }
}

/// What `*` means for a repository, so that what a token grants is what the registry enforces.
enum RepositoryActions {
    static let all = ["pull", "push", "delete"]

    /// The actions without doubles, `*` written out; a repository knows no others than its three.
    static func expand(_ actions: [String], of type: String) -> [String] {
        var expanded: [String] = []
        for action in actions {
            let meant =
                switch (type, action) {
                case ("repository", "*"): all
                case ("repository", _): all.contains(action) ? [action] : []
                default: [action]
                }
            for action in meant where !expanded.contains(action) { expanded.append(action) }
        }
        return expanded
    }
}
