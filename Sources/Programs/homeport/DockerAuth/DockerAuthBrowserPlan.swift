internal import Accounts
internal import FoundationEssentials
internal import IdentityProviders
internal import SignInAPI

/// At whose pages people sign in, of `google_auth`, `github_auth`, `oidc_auth` and `gitlab_auth`.
struct DockerAuthBrowserPlan: Sendable {
    struct Provider: Sendable {
        /// Named after its section, which is also where its door is.
        let description: ProviderDescription
        let comesBack: BrowserSignIn.Return
        /// After how long it is asked again about somebody.
        let recheck: Duration
        /// What the line for `docker login` calls the registry.
        let registry: String?
    }

    var providers: [Provider] = []
    /// Where browsers come, without a path; nil where it follows from each request.
    var origin: String?
    /// What stands before every path there.
    var prefix = ""
    /// Where people and their tokens are kept.
    var folder: String?

    /// For how long a provider's last word counts that cannot be asked, in seconds.
    static let grace: TimeInterval = 3600

    /// How often to look who has to be asked about.
    var pause: Duration {
        let least = providers.map(\.recheck).min() ?? .seconds(20)
        return min(.seconds(5), max(.milliseconds(250), least / 4))
    }

    /// How people sign in; nil where nobody does.
    func settings(
        _ client: ProviderClient, store: any PersonStore, now: @escaping @Sendable () -> Date
    ) -> BrowserSignIn.Settings? {
        guard !providers.isEmpty else { return nil }
        let vouchers = providers.map { provider in
            var voucher = BrowserSignIn.Voucher(
                WebProvider(provider.description, send: client.send, now: now))
            voucher.recheck = TimeInterval(milliseconds: provider.recheck)
            voucher.grace = Self.grace
            voucher.comesBack = provider.comesBack
            return voucher
        }
        return BrowserSignIn.Settings(
            vouchers: vouchers, store: store, publicURL: origin.map { $0 + prefix })
    }

    /// What is said and linked on the pages.
    var pages: SignInPageSettings {
        let registries = providers.compactMap { provider in
            provider.registry.map { (provider.description.name, $0) }
        }
        var settings = SignInPageSettings(publicURL: origin, registry: registries.first?.1)
        settings.registries = Dictionary(registries) { first, _ in first }
        settings.places.prefix = prefix
        settings.places.doors = Set(providers.map(\.description.name))
        return settings
    }
}
