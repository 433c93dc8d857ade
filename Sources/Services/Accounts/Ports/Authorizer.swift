package import Access

/// What a face asks before it serves a request: who is calling, and may they.
///
/// Both answers hold at the moment they are given: an account that was disabled, an expired date, a changed
/// rule and a revoked token count on the very next call, also for tokens already issued.
package protocol Authorizer: Sendable {
    /// Reads an `Authorization` header: `Bearer` with a token of ours, or `Basic`. Without a header the
    /// caller is whom somebody vouches for, or nobody.
    ///
    /// - Parameters:
    ///   - vouched: what somebody who is believed says of the caller.
    ///   - address: the client's address, for limits on guessing.
    func caller(
        authorization: String?, vouched: Vouched?, from address: String?
    ) async throws(SignInError) -> Caller

    /// Which of `actions` the caller may do, in the order asked: what its token grants, and the rules still
    /// do.
    func granted(
        _ actions: [String], type: String, name: String, tag: TagContext, to caller: Caller
    ) async throws(SignInError) -> [String]

    /// The account of a bearer token whose time alone is over: a token of ours, correctly signed, for this
    /// service, of an account that still stands (not disabled, not expired, its credential not revoked). Nil
    /// for everything else. It throws only `.unavailable`.
    ///
    /// Good for one thing: going on with an upload that the same account began while the token was valid, so
    /// that a push may take longer than a token lives. A token that ended more than a day ago counts for
    /// nothing.
    func sessionAccount(authorization: String?) async throws(SignInError) -> AccountName?
}

extension Authorizer {
    /// The same where nobody vouches for callers.
    package func caller(
        authorization: String?, from address: String?
    ) async throws(SignInError) -> Caller {
        try await caller(authorization: authorization, vouched: nil, from: address)
    }
}

/// Somebody whose credentials have been checked, or nobody.
package struct Caller: Sendable, Hashable {
    package let account: AccountName
    /// The client's address, for rules that name one and for the log.
    package let address: String?
    /// What the bearer token grants; nil when the caller came with a password, an access token or nothing at
    /// all: then the rules alone (and the access token's scopes) decide.
    package let grants: [Scope]?
    /// Scopes that bound an access token; empty for none.
    package let bounds: [Scope]
    /// Whether credentials of any kind were shown.
    package let hasCredentials: Bool
    /// Whether a provider vouches for the caller, who has no account of our own.
    package let isPerson: Bool
    /// Who has named the caller, whose password nobody here has seen.
    package let vouchedBy: Vouched.Way?

    /// The same caller, to be judged by the rules (and an access token's scopes) without what its bearer
    /// token grants: says whether another token would help, and filters lists that no scope can name.
    package var withoutGrants: Caller {
        Caller(
            account: account, address: address, bounds: bounds, hasCredentials: hasCredentials,
            isPerson: isPerson, vouchedBy: vouchedBy)
    }

    /// The same for lists, in which each entry is a question: nobody but the rules is asked.
    package var inLists: Caller {
        var caller = withoutGrants
        caller.asksRulesAlone = true
        return caller
    }

    /// Whether nobody is asked where no rule decides.
    private(set) var asksRulesAlone = false

    package init(
        account: AccountName, address: String?, grants: [Scope]? = nil, bounds: [Scope] = [],
        hasCredentials: Bool, isPerson: Bool = false, vouchedBy: Vouched.Way? = nil
    ) {
        self.account = account
        self.address = address
        self.grants = grants
        self.bounds = bounds
        self.hasCredentials = hasCredentials
        self.isPerson = isPerson
        self.vouchedBy = vouchedBy
    }
}

/// Why nobody could be signed in.
package enum SignInError: Error, Sendable, Hashable {
    /// The bearer token is malformed, unsigned by us, expired, for another service, or no longer stands. The
    /// sentence is for the client.
    case invalidToken(String)
    /// The name or the password is wrong, or the account is disabled or has expired: clients are not told
    /// which.
    case wrongCredentials
    /// Too many wrong attempts: try again after so many seconds.
    case tooManyAttempts(retryAfter: Int)
    /// The account asks for more than it may: try again after so many seconds.
    case tooManyRequests(retryAfter: Int)
    /// Somebody who is believed names a caller who is not let in. The sentence is for the client.
    case refused(String)
    /// The store could not be asked.
    case unavailable
}
