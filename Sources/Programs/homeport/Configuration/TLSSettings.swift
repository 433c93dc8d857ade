internal import ServerKit
internal import TLSKit

/// `tls:` where TLS is spoken, and with which certificates.
struct TLSSettings: ConfigurationSection {
    var listen: [ListeningPlace] = []
    var profile = TLSProfile.standard
    var certificates: [CertificateSettings] = []
    var expiryWarning = Duration.seconds(21 * 86_400)

    static var keys: [Key<Self>] {
        [
            .value("listen", \.listen, .list(of: .listenPlace)),
            .value("profile", \.profile, .choice),
            .sections("certificates", \.certificates),
            .value("expiry_warning", \.expiryWarning, .duration(.seconds(0) ... .seconds(90 * 86_400))),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        guard listen.isEmpty, !certificates.isEmpty else { return [] }
        return [("certificates", "nobody is shown them: say where with `tls.listen`, such as `:443`")]
    }
}

/// One of `tls.certificates`.
struct CertificateSettings: ConfigurationSection {
    var certificate = ""
    var key = ""

    static var keys: [Key<Self>] {
        [
            .value(
                "certificate_file", \.certificate, .path("the name of a file with a certificate"),
                isRequired: true),
            .value("key_file", \.key, .path("the name of a file with its key"), isRequired: true),
        ]
    }

    var files: CertificateFiles { CertificateFiles(certificate: certificate, key: key) }
}

/// `redirect:` where those who come without TLS are sent to it.
struct RedirectSettings: ConfigurationSection {
    var listen: [ListeningPlace] = []
    var challengeFolder: String?

    static var keys: [Key<Self>] {
        [
            .value("listen", \.listen, .list(of: .listenPlace)),
            .value("challenge_folder", \.challengeFolder, .optional(.path("the name of a folder"))),
        ]
    }
}

/// `headers:` what answers tell browsers to be careful about.
struct HeaderSettings: ConfigurationSection {
    var strictTransportAge = Duration.seconds(0)
    var strictTransportSubdomains = false
    var contentPolicy =
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'"
    var referrerPolicy = "no-referrer"

    static var keys: [Key<Self>] {
        [
            .value(
                "hsts_age", \.strictTransportAge, .duration(.seconds(0) ... .seconds(2 * 366 * 86_400))),
            .value("hsts_subdomains", \.strictTransportSubdomains, .flag),
            .value("content_security_policy", \.contentPolicy, .headerText),
            .value("referrer_policy", \.referrerPolicy, .headerText),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        guard strictTransportSubdomains, strictTransportAge == .zero else { return [] }
        return [("hsts_subdomains", "says nothing without `headers.hsts_age`")]
    }
}

extension ValueKind<String> {
    /// What a header field may hold.
    fileprivate static var headerText: Self {
        ValueKind(
            text: "visible ASCII characters",
            parse: { text, _ in
                let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
                return isPlain && !text.isEmpty ? text : nil
            },
            show: { $0 })
    }
}
