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
        package var signIn = SignIn.Settings()
        package var refreshTokens = RefreshTokens.Settings()
        package var policyStyle = PolicyStyle.homeport
        package var hashCost = PasswordHasher.defaultCost
        package var passwordSchemes = PasswordScheme.current

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
    /// For the registry.
    package let authorizer: AccessControl
    /// For the token server.
    package let tokenService: TokenService

    /// - Parameters:
    ///   - threads: where passwords are hashed and keys are drawn; best as many as cores, with a short queue.
    ///   - now: the time.
    package init(
        _ stores: AccountStores, settings: Settings, threads: BlockingThreads,
        logger: Logger = Logger(label: SignInLog.label), now: @escaping WallClock = { Date() }
    ) {
        let hasher = PasswordHasher(
            cost: settings.hashCost, schemes: settings.passwordSchemes, threads: threads)
        self.init(stores, settings: settings, threads: threads, hasher: hasher, logger: logger, now: now)
    }

    init(
        _ stores: AccountStores, settings: Settings, threads: BlockingThreads, hasher: PasswordHasher,
        logger: Logger, now: @escaping WallClock
    ) {
        precondition(!settings.services.isEmpty, "there is at least our own service")
        let log = SignInLog(logger)
        let standing = Standing(stores)
        let life = settings.issuer.lifetime + 2 * TokenIssuer.leeway
        accounts = AccountManager(stores, hasher: hasher, now: now)
        tokens = AccessTokens(stores, standing: standing, now: now)
        rules = RuleBook(stores, style: settings.policyStyle, logger: logger, now: now)
        keys = SigningKeys(
            stores: stores, issuer: settings.issuer.issuer, overlap: Double(life), threads: threads, now: now)
        signIn = SignIn(
            standing: standing, hasher: hasher, accessTokens: tokens, settings: settings.signIn, log: log,
            now: now)
        let issuer = TokenIssuer(settings.issuer, keys: keys, now: now)
        authorizer = AccessControl(
            service: settings.services[0], standing: standing, rules: rules, issuer: issuer, signIn: signIn,
            log: log, now: now)
        tokenService = TokenService(
            services: settings.services, standing: standing, signIn: signIn,
            refreshTokens: RefreshTokens(
                stores, standing: standing, accessTokens: tokens, settings: settings.refreshTokens, now: now),
            access: authorizer, issuer: issuer, log: log, now: now)
    }
}
