package import Access
import FoundationEssentials
package import Logging
package import ServerKit

/// Everything that this service does, put together: what a program makes once and hands to its faces.
package struct AccountServices: Sendable {
    package struct Settings: Sendable {
        package var issuer: TokenIssuer.Settings
        /// Our own service, first, and others for which tokens are issued too.
        package var services: [String]
        /// Whether tokens are issued for whatever service a client names: for servers that were never told
        /// which there are.
        package var acceptsAnyService = false
        /// Whether clients that ask for a refresh token get one.
        package var issuesRefreshTokens = true
        /// Whether `*` is written out in the actions of a repository, and others than its three are left out.
        package var expandsActions = true
        /// Who else knows people, in the order in which they are asked.
        package var sources: [any SignInSource] = []
        /// Providers at whose pages people sign in with their browser.
        package var browser: BrowserSignIn.Settings?
        /// What those may say who vouch for callers; nobody vouches in the other ways.
        package var vouching: [Vouched.Way: VouchingTerms] = [:]
        /// Who decides where no rule has.
        package var decider: (any AccessDecider)?
        package var signIn = SignIn.Settings()
        package var refreshTokens = RefreshTokens.Settings()
        package var policyStyle = PolicyStyle.homeport
        package var hashCost = PasswordHasher.defaultCost
        package var passwordSchemes = PasswordScheme.current
        /// What one account may ask in a minute; nil for as much as it likes.
        package var requestsPerMinute: Int?

        package init(issuer: TokenIssuer.Settings, services: [String]) {
            self.issuer = issuer
            self.services = services
        }
    }

    package let accounts: AccountManager
    package let tokens: AccessTokens
    package let rules: RuleBook
    package let keys: SigningKeys
    package let signIn: SignIn
    /// Nil where no provider is set up.
    package let browser: BrowserSignIn?
    /// For the registry.
    package let authorizer: AccessControl
    /// For the token server.
    package let tokenService: TokenService
    private let guests: Guests
    private let budget: AccountBudget

    /// - Parameters:
    ///   - threads: where passwords are hashed and keys are drawn; best as many as cores, with a short queue.
    ///   - predecessor: the same services on the same stores, as they were set up before. They may go on beside these:
    ///     what is remembered of people, sign-ins and tokens is remembered by both.
    ///   - onSignIn: told of every attempt to sign in; it must not wait.
    ///   - now: the time.
    package init(
        _ stores: AccountStores, settings: Settings, threads: BlockingThreads,
        logger: Logger = Logger(label: SignInLog.label), succeeding predecessor: AccountServices? = nil,
        onSignIn: @Sendable @escaping (SignInEvent) -> Void = { _ in },
        now: @escaping WallClock = { Date() }
    ) {
        let hasher = PasswordHasher(
            cost: settings.hashCost, schemes: settings.passwordSchemes, threads: threads)
        self.init(
            stores, settings: settings, threads: threads, hasher: hasher, logger: logger,
            succeeding: predecessor, onSignIn: onSignIn, now: now)
    }

    init(
        _ stores: AccountStores, settings: Settings, threads: BlockingThreads, hasher: PasswordHasher,
        logger: Logger, succeeding predecessor: AccountServices? = nil,
        onSignIn: @Sendable @escaping (SignInEvent) -> Void = { _ in },
        now: @escaping WallClock
    ) {
        precondition(!settings.services.isEmpty, "there is at least our own service")
        let log = SignInLog(logger, onEvent: onSignIn)
        let before = predecessor?.signIn.standing
        let people = People(settings.browser, succeeding: before?.people)
        let standing = Standing(stores, people: people, succeeding: before)
        let life = settings.issuer.lifetime + 2 * TokenIssuer.leeway
        let guests = Guests(
            sources: settings.sources, lifetime: TimeInterval(life + TokenIssuer.sessionMax),
            succeeding: predecessor?.guests)
        self.guests = guests
        let vouchers = Vouchers(
            settings.vouching, lifetime: TimeInterval(life + TokenIssuer.sessionMax), standing: standing,
            log: log, succeeding: predecessor?.signIn.vouchers, now: now)
        accounts = AccountManager(stores, hasher: hasher, now: now)
        tokens = AccessTokens(stores, standing: standing, now: now)
        rules =
            (predecessor?.rules).flatMap { $0.style == settings.policyStyle ? $0 : nil }
            ?? RuleBook(stores, style: settings.policyStyle, logger: logger, now: now)
        keys = SigningKeys(
            stores: stores, issuer: settings.issuer.issuer, overlap: Double(life), threads: threads, now: now)
        signIn = SignIn(
            standing: standing, hasher: hasher, accessTokens: tokens, settings: settings.signIn,
            guests: guests, vouchers: vouchers, log: log, succeeding: predecessor?.signIn,
            now: now)
        browser = settings.browser.map { [tokens] browser in
            BrowserSignIn(
                browser, people: people, tokens: tokens, standing: standing, log: log,
                succeeding: predecessor?.browser, now: now)
        }
        let issuer = TokenIssuer(settings.issuer, keys: keys, now: now)
        let budget = AccountBudget(
            perMinute: settings.requestsPerMinute, succeeding: predecessor?.budget)
        self.budget = budget
        authorizer = AccessControl(
            service: settings.services[0], expandsActions: settings.expandsActions, decider: settings.decider,
            standing: standing, guests: guests, vouchers: vouchers,
            rules: rules, issuer: issuer, signIn: signIn, budget: budget,
            log: log, now: now)
        tokenService = TokenService(
            services: settings.services, acceptsAny: settings.acceptsAnyService,
            issuesRefreshTokens: settings.issuesRefreshTokens, standing: standing,
            signIn: signIn, vouchers: vouchers, budget: budget,
            refreshTokens: RefreshTokens(
                stores, standing: standing, accessTokens: tokens, settings: settings.refreshTokens, now: now),
            access: authorizer, issuer: issuer, log: log, now: now)
    }
}
