/// `metrics:` who may read the server's numbers at `/metrics`.
struct MetricsSettings: ConfigurationSection {
    var readers = ["127.0.0.1", "::1"].compactMap(TrustedRange.init)

    static var keys: [Key<Self>] {
        [.value("readers", \.readers, .list(of: .trustedRange))]
    }
}
