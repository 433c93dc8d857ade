internal import Glibc
internal import IdentityProviders

/// Everything that can be set: the configuration file's root.
///
/// Each section is a file of its own beside this one. The manual of all keys is docs/configure.md; a test
/// keeps the two equal.
struct Configuration: ConfigurationSection {
    var listen = ListeningPlace.standard
    var socketMode: mode_t = 0o660
    var data = "./data"
    var publicURL: PublicURL?
    var hosts = HostSettings()
    var tls = TLSSettings()
    var acme = ACMESection()
    var redirect = RedirectSettings()
    var headers = HeaderSettings()
    var log = LogSettings()
    var registry = RegistrySettings()
    var garbage = GarbageSettings()
    var verify = VerifySettings()
    var token = TokenSettings()
    var accounts = AccountSettings()
    var mongodb = MongoSection()
    var s3 = S3Section()
    var audit = AuditSettings()
    var limits = LimitSettings()
    var bans = BanSettings()
    var proxies = ProxySettings()
    var metrics = MetricsSettings()
    var weather = WeatherSettings()

    static var keys: [Key<Self>] {
        [
            .value("listen", \.listen, .listenPlace),
            .value("socket_mode", \.socketMode, .fileMode),
            .value("data", \.data, .path("the name of a folder")),
            .value("public_url", \.publicURL, .optional(.publicURL)),
            .section("hosts", \.hosts),
            .section("tls", \.tls),
            .section("acme", \.acme),
            .section("redirect", \.redirect),
            .section("headers", \.headers),
            .section("log", \.log),
            .section("registry", \.registry),
            .section("garbage", \.garbage),
            .section("verify", \.verify),
            .section("token", \.token),
            .section("accounts", \.accounts),
            .section("mongodb", \.mongodb),
            .section("s3", \.s3),
            .section("audit", \.audit),
            .section("limits", \.limits),
            .section("bans", \.bans),
            .section("proxies", \.proxies),
            .section("metrics", \.metrics),
            .section("weather", \.weather),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        if !tls.listen.isEmpty, tls.certificates.isEmpty, acme.names.isEmpty {
            let ways = "name certificates in `tls.certificates`, or hosts in `acme.names`"
            return [("tls.listen", "there is nothing to show: \(ways)")]
        }
        if tls.listen.isEmpty, !acme.names.isEmpty {
            return [("acme.names", "nobody is shown them: say where with `tls.listen`, such as `:443`")]
        }
        if !redirect.listen.isEmpty, tls.listen.isEmpty, publicURL?.text.hasPrefix("https://") != true {
            return [("redirect.listen", "there is no TLS to be sent to: set `tls.listen`")]
        }
        if let place = proxies.protocolPlaces.first(where: { !listenPlaces.contains($0) }) {
            let places = listenPlaces.map { "`\($0)`" }.joined(separator: ", ")
            return [
                ("proxies.proxy_protocol", "nobody listens on `\(place)`; it is one of \(places)")
            ]
        }
        if s3.isNamed, proxies.accelFolder != nil {
            return [
                (
                    "proxies.accel_redirect",
                    "the blobs are in a bucket (`s3.bucket`), where the proxy does not find them; "
                        + "`s3.redirects` sends clients there"
                )
            ]
        }
        if accounts.clientCertificates.authorityFile != nil, tls.listen.isEmpty {
            let cure = "say where with `tls.listen`, such as `:443`"
            return [("accounts.client_certificates", "nobody is asked for one without TLS: \(cure)")]
        }
        return providersProblem
    }

    /// Browsers have to know where to come back to, and what they bring is not for everybody on the way.
    private var providersProblem: [(key: String, message: String)] {
        guard !accounts.providers.isEmpty else { return [] }
        guard let publicURL else {
            let cure = "set `public_url` to where browsers find the server"
            return [("accounts.providers", "nobody would come back from there: \(cure)")]
        }
        guard SafeAddress.isSafe(publicURL.text) else {
            return [("public_url", "people sign in by browser, which needs `https://`")]
        }
        return []
    }
}
