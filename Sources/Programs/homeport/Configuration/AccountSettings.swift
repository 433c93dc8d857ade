internal import ServerKit

/// `accounts:` who may sign in, and how passwords are kept.
struct AccountSettings: ConfigurationSection {
    var hashCost = 10
    var passwordCacheTime = Duration.seconds(60)
    var adminName = "admin"
    var adminPassword: Secret?
    var refusalTime = Duration.seconds(1)
    var sources: [SignInSourceSettings] = []
    var authorizers: [AuthorizerSettings] = []
    var proxyHeader = ProxyHeaderSettings()
    var clientCertificates = ClientCertificateSettings()
    var providers: [IdentityProviderSettings] = []

    static var keys: [Key<Self>] {
        [
            .value("hash_cost", \.hashCost, .integer(8...15)),
            .value("password_cache_time", \.passwordCacheTime, .duration(.seconds(0) ... .seconds(3600))),
            .value("admin_name", \.adminName, .accountName),
            .value("admin_password_file", \.adminPassword, .optional(.secretFile)),
            .value("refusal_time", \.refusalTime, .duration(.seconds(0) ... .seconds(10))),
            .sections("sources", \.sources),
            .sections("authorizers", \.authorizers),
            .section("proxy_header", \.proxyHeader),
            .section("client_certificates", \.clientCertificates),
            .sections("providers", \.providers),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        // One name is one line at `/readyz`, whichever of them has it.
        let names = sources.map(\.name) + providers.map(\.name)
        if Set(authorizers.map(\.name)).count < authorizers.count {
            return [("authorizers", "two of them have the same name")]
        }
        guard Set(names).count < names.count else { return [] }
        let isAmongSources = Set(sources.map(\.name)).count < sources.count
        let key = isAmongSources ? "sources" : "providers"
        return [(key, "two of the sources and providers have the same name")]
    }
}
