/// Everything that can be set: the configuration file's root.
///
/// Each section is a file of its own beside this one. The manual of all keys is docs/configure.md; a test
/// keeps the two equal.
struct Configuration: ConfigurationSection {
    var listen = ListenAddress.standard
    var data = "./data"
    var publicURL: PublicURL?
    var log = LogSettings()
    var registry = RegistrySettings()
    var token = TokenSettings()
    var accounts = AccountSettings()
    var limits = LimitSettings()
    var proxies = ProxySettings()
    var metrics = MetricsSettings()
    var weather = WeatherSettings()

    static var keys: [Key<Self>] {
        [
            .value("listen", \.listen, .listenAddress),
            .value("data", \.data, .path("the name of a folder")),
            .value("public_url", \.publicURL, .optional(.publicURL)),
            .section("log", \.log),
            .section("registry", \.registry),
            .section("token", \.token),
            .section("accounts", \.accounts),
            .section("limits", \.limits),
            .section("proxies", \.proxies),
            .section("metrics", \.metrics),
            .section("weather", \.weather),
        ]
    }
}
