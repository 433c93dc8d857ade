internal import Edge

/// `proxies:` who stands in front of the server and may say which client it speaks for.
struct ProxySettings: ConfigurationSection {
    var trusted: [TrustedRange] = []

    static var keys: [Key<Self>] {
        [.value("trusted", \.trusted, .list(of: .trustedRange))]
    }
}

/// An address or a CIDR range, and how it was written.
struct TrustedRange: Sendable {
    let text: String
    let range: AddressRange

    /// Nil for a text that is neither.
    init?(_ text: String) {
        guard let range = AddressRange(text) else { return nil }
        self.text = text
        self.range = range
    }
}

extension ValueKind<TrustedRange> {
    static var trustedRange: Self {
        ValueKind(
            text: "an address or a range such as `10.0.0.0/8` or `::1`",
            parse: { text, _ in TrustedRange(text) },
            show: { $0.text })
    }
}
