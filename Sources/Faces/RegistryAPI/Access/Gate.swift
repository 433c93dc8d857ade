import Access
import Accounts
import Audit
import HTTPKit
import HTTPTypes
import Hummingbird
import OCI
import Registry

/// What a request wants to do to one repository.
struct Wish: Sendable {
    let repository: RepositoryName
    let actions: [String]

    static func pull(_ repository: RepositoryName) -> Wish { Wish(repository: repository, actions: ["pull"]) }
    /// Pushing needs both: who may write but not read could find out what others hold.
    static func push(_ repository: RepositoryName) -> Wish {
        Wish(repository: repository, actions: ["pull", "push"])
    }
    static func delete(_ repository: RepositoryName) -> Wish {
        Wish(repository: repository, actions: ["delete"])
    }

    var scope: Scope { Scope(type: "repository", name: repository.text, actions: actions) }
}

/// Asks who is calling and whether they may, and says no in the way that makes each client do the right
/// thing.
struct Gate: Sendable {
    let authorizer: any Authorizer
    let tokens: TokenSource
    let audit: AuditRecorder?

    /// Who is calling. A caller whose credentials are wrong is refused; one without any is nobody.
    ///
    /// - Parameter others: further scopes that a client which has to fetch a token should ask for at once.
    func caller(
        _ request: Request, _ context: HomeportContext, wishing wish: Wish? = nil, beside others: [Scope] = []
    ) async throws -> Caller {
        do {
            return try await named(request, context)
        } catch {
            throw failure(error, request, context, scopes: (wish.map { [$0.scope] } ?? []) + others)
        }
    }

    /// The same, with what is thrown as it is.
    func named(_ request: Request, _ context: HomeportContext) async throws(SignInError) -> Caller {
        try await authorizer.caller(
            authorization: request.headers[.authorization],
            vouched: context.introduction.map { Vouched($0) }, from: context.clientAddress)
    }

    /// Returns when the caller may do everything it wishes, for each of the tag contexts.
    func require(
        _ wish: Wish, tags contexts: [TagContext], of caller: Caller, _ request: Request,
        _ context: HomeportContext, beside others: [Scope] = []
    ) async throws {
        for tag in contexts {
            if try await mayDo(wish, tag, caller) { continue }
            guard caller.hasCredentials else {
                throw challenge(request, context, scopes: [wish.scope] + others, problem: nil)
            }
            if caller.grants != nil, try await mayDo(wish, tag, caller.withoutGrants) {
                throw challenge(
                    request, context, scopes: [wish.scope] + others, problem: .insufficientScope)
            }
            let sentence = Self.refusal(of: caller, wish, tag)
            if let action = wish.actions.last.flatMap(AuditAction.init) {
                audit?.note(
                    action, .refused, by: caller.account.text, of: wish.repository.text, sentence)
            }
            throw Failure(OCIError(.denied, sentence))
        }
    }

    /// Whether the caller may do all that it wishes, by its token and by the rules.
    func mayDo(_ wish: Wish, _ tag: TagContext, _ caller: Caller) async throws -> Bool {
        let granted = try await authorizer.granted(
            wish.actions, type: "repository", name: wish.repository.text, tag: tag, to: caller)
        return wish.actions.allSatisfy(granted.contains)
    }

    /// A refusal that sends the client for a token.
    func challenge(
        _ request: Request, _ context: HomeportContext, scopes: [Scope], problem: Challenge.Problem?,
        _ sentence: String = "this needs a token: sign in first"
    ) -> Failure {
        let challenge = Challenge(
            realm: tokens.realm(authority: context.authority, isSecure: context.isSecure),
            service: tokens.service, scopes: scopes, problem: problem)
        var failure = Failure(
            OCIError(.unauthorized, sentence), headers: [.wwwAuthenticate: challenge.text])
        if problem != .invalidToken, !scopes.isEmpty {
            failure.accessDetail = scopes.flatMap { scope in
                scope.actions.map { Failure.AccessDetail(type: scope.type, name: scope.name, action: $0) }
            }
        }
        return failure
    }

    /// What becomes of credentials that did not do.
    func failure(
        _ error: SignInError, _ request: Request, _ context: HomeportContext, scopes: [Scope]
    ) -> Failure {
        switch error {
        case .invalidToken(let sentence):
            return challenge(request, context, scopes: scopes, problem: .invalidToken, sentence)
        case .wrongCredentials:
            var failure = challenge(
                request, context, scopes: scopes, problem: nil, "the name or the password is wrong")
            failure.accessDetail = nil
            return failure
        case .tooManyAttempts(let seconds):
            return Failure(
                OCIError(.tooManyRequests, "too many wrong attempts: try again in \(seconds) seconds"),
                headers: [.retryAfter: "\(seconds)"])
        case .tooManyRequests(let seconds):
            return Failure(
                OCIError(.tooManyRequests, "this account asks too much: try again in \(seconds) seconds"),
                headers: [.retryAfter: "\(seconds)"])
        case .refused(let sentence):
            return Failure(OCIError(.denied, sentence))
        case .unavailable:
            return Failure(
                OCIError(
                    .unavailable, "who you are or what you may cannot be found out for a moment: try again"),
                headers: [.retryAfter: "1"])
        }
    }

    /// Says who was refused what, so that the person sees which account the client really used.
    private static func refusal(of caller: Caller, _ wish: Wish, _ tag: TagContext) -> String {
        let what = wish.actions.last ?? "use"
        let label: String
        if case .known(let tags) = tag, let first = tags.first { label = ":\(first)" } else { label = "" }
        return caller.account.isAnonymous
            ? "nobody is signed in, and \(what) on \(wish.repository)\(label) needs an account that may"
            : "account \(caller.account) may not \(what) \(wish.repository)\(label): no access rule grants it"
    }
}

extension Vouched {
    /// As the door has understood it.
    init(_ introduction: Introduction) {
        let way: Way = introduction.way == .header ? .header : .certificate
        switch introduction.word {
        case .name(let name, let groups): self.init(way, name: name, groups: groups)
        case .unusable(let sentence): self.init(way, problem: sentence)
        }
    }
}
