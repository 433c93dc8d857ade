internal import ServerKit

/// `proxies:` who stands in front of the server and may say which client it speaks for.
struct ProxySettings: ConfigurationSection {
    var trusted: [TrustedRange] = []
    var protocolPlaces: [ListeningPlace] = []
    var accelFolder: String?

    static var keys: [Key<Self>] {
        [
            .value("trusted", \.trusted, .list(of: .trustedRange)),
            .value("proxy_protocol", \.protocolPlaces, .list(of: .listenPlace)),
            .value("accel_redirect", \.accelFolder, .optional(.internalPath)),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        guard trusted.isEmpty else { return [] }
        let cure = "nobody is believed: name the proxies in `proxies.trusted`"
        if !protocolPlaces.isEmpty { return [("proxy_protocol", cure)] }
        return accelFolder == nil ? [] : [("accel_redirect", cure)]
    }
}

/// An address or a CIDR range, and how it was written.
struct TrustedRange: Hashable, Sendable {
    let text: String
    let range: AddressRange

    /// Nil for a text that is neither.
    init?(_ text: String) {
        guard let range = AddressRange(text) else { return nil }
        self.text = text
        self.range = range
    }
}

extension ValueKind<String> {
    /// The beginning of paths in a proxy that its clients cannot ask for.
    fileprivate static var internalPath: Self {
        ValueKind(
            text: "a path that begins and ends with a slash, such as `/homeport-blobs/`",
            parse: { text, _ in
                let isPlain = text.utf8.allSatisfy {
                    (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                        || "/-_.".utf8.contains($0)
                }
                return isPlain && text.count > 2 && text.hasPrefix("/") && text.hasSuffix("/") ? text : nil
            },
            show: { $0 })
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
