/// `token:` the tokens that the token server signs.
struct TokenSettings: ConfigurationSection {
    enum KeyAlgorithm: String, CaseIterable {
        case es256, rs256 = "rs256-2048", rs256Large = "rs256-4096", ed25519
    }

    enum KeyIdentifier: String, CaseIterable {
        case thumbprint, libtrust
    }

    var issuer = "homeport"
    var service = "homeport"
    var life = Duration.seconds(900)
    var refreshLife = Duration.seconds(90 * 86_400)
    var algorithm = KeyAlgorithm.es256
    var keyIdentifier = KeyIdentifier.thumbprint
    var includesCertificate = true

    static var keys: [Key<Self>] {
        [
            .value("issuer", \.issuer, .text("a name")),
            .value("service", \.service, .text("a name")),
            .value("life", \.life, .duration(.seconds(60) ... .seconds(86_400))),
            .value("refresh_life", \.refreshLife, .duration(.seconds(3600) ... .seconds(366 * 86_400))),
            .value("algorithm", \.algorithm, .choice),
            .value("kid", \.keyIdentifier, .choice),
            .value("x5c", \.includesCertificate, .flag),
        ]
    }
}
