internal import TLSKit

/// `hosts:` which service answers under which names.
struct HostSettings: ConfigurationSection {
    var registry: [HostName] = []
    var auth: [HostName] = []
    var calendar: [HostName] = []

    static var keys: [Key<Self>] {
        [
            .value("registry", \.registry, .list(of: .hostName)),
            .value("auth", \.auth, .list(of: .hostName)),
            .value("calendar", \.calendar, .list(of: .hostName)),
        ]
    }
}

extension Configuration {
    /// Where clients of the registry get their tokens; nil for the host that they called.
    var tokenRealm: String? { base(of: hosts.auth).map { $0 + "/auth/token" } }

    /// Where calendars are subscribed to; nil for the host that was called.
    var calendarURL: String? { base(of: hosts.calendar) }

    /// The address of a service by its first name, or by the public one.
    private func base(of names: [HostName]) -> String? {
        guard let host = names.first else { return publicURL?.text }
        let isSecure = publicURL?.text.hasPrefix("https://") ?? !tls.listen.isEmpty
        let port =
            publicURL.map(\.port) ?? (isSecure ? tls.listen.lazy.compactMap(\.port).first : listen.port)
        let usual = isSecure ? 443 : 80
        let suffix = port.map { $0 == usual ? "" : ":\($0)" } ?? ""
        return "\(isSecure ? "https" : "http")://\(host)\(suffix)"
    }
}
