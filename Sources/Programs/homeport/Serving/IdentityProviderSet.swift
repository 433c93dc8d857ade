internal import Accounts
internal import FoundationEssentials
internal import IdentityProviders

/// The providers of a configuration, made ready to be asked, and what they are asked with.
struct IdentityProviderSet: Sendable {
    private let providers: [(settings: IdentityProviderSettings, provider: WebProvider)]
    private let clients: [ProviderClient]
    /// Does nothing by itself; closed when nobody is asked any more.
    let engine: Engine

    static let none = IdentityProviderSet(Configuration(), now: { Date() })

    init(_ values: Configuration, now: @escaping @Sendable () -> Date) {
        var providers: [(settings: IdentityProviderSettings, provider: WebProvider)] = []
        var clients: [ProviderClient] = []
        for settings in values.accounts.providers {
            guard let description = settings.description else { continue }
            let client = ProviderClient(authorityFile: settings.authorityFile)
            clients.append(client)
            providers.append((settings, WebProvider(description, send: client.send, now: now)))
        }
        self.providers = providers
        self.clients = clients
        self.engine = Engine("providers", []) { [clients] in
            for client in clients { try await client.shutDown() }
        }
    }

    /// How people sign in by browser; nil where there are no providers.
    func settings(_ values: Configuration, store: any PersonStore) -> BrowserSignIn.Settings? {
        guard !providers.isEmpty, let publicURL = values.publicURL else { return nil }
        let vouchers = providers.map { settings, provider in
            var voucher = BrowserSignIn.Voucher(provider)
            voucher.recheck = TimeInterval(milliseconds: settings.recheckTime)
            voucher.grace = TimeInterval(milliseconds: settings.graceTime)
            voucher.tokenLifeMax = TimeInterval(milliseconds: settings.tokenLifeMax)
            return voucher
        }
        return BrowserSignIn.Settings(vouchers: vouchers, store: store, publicURL: publicURL.text)
    }

    /// How often to look who has to be asked about.
    var pause: Duration {
        let least = providers.map(\.settings.recheckTime).min() ?? .seconds(60)
        return min(.seconds(60), max(.milliseconds(250), least / 4))
    }

    /// What `homeport check` says of them, a line for each.
    func lines() async -> [String] {
        var lines: [String] = []
        for (_, provider) in providers {
            let trouble = await provider.trouble()
            lines.append(
                "The provider \(provider.name) "
                    + (trouble.map { "cannot be asked: \($0)." } ?? "can be asked."))
        }
        return lines
    }

    /// To be called when nobody is asked any more.
    func shutDown() async throws {
        for client in clients { try await client.shutDown() }
    }
}
