internal import Accounts

/// `token:` the tokens that the token server signs.
struct TokenSettings: ConfigurationSection {
    var issuer = "homeport"
    var service = "homeport"
    var otherServices: [String] = []
    var life = Duration.seconds(900)
    var refreshIdleTime = Duration.seconds(90 * 86_400)
    var algorithm = SigningAlgorithm.p256
    var keyIdentifier = KeyForm.Identifier.thumbprint
    var includesCertificate = true

    static var keys: [Key<Self>] {
        [
            .value("issuer", \.issuer, .text("a name")),
            .value("service", \.service, .text("a name")),
            .value("other_services", \.otherServices, .list(of: .text("a name"))),
            .value("life", \.life, .duration(.seconds(60) ... .seconds(86_400))),
            .value(
                "refresh_idle_time", \.refreshIdleTime, .duration(.seconds(3600) ... .seconds(366 * 86_400))),
            .value("algorithm", \.algorithm, .choice),
            .value("kid", \.keyIdentifier, .choice),
            .value("x5c", \.includesCertificate, .flag),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        let names = [service] + otherServices
        guard Set(names).count < names.count else { return [] }
        return [("other_services", "names a service twice, or the server's own, which is `\(service)`")]
    }
}
