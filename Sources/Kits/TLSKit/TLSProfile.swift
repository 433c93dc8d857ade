import NIOSSL

/// Which clients a server puts up with.
package enum TLSProfile: String, CaseIterable, Sendable {
    /// TLS 1.3 alone: browsers and container tools since about 2019.
    case modern
    /// TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers, and nothing else.
    case standard
    /// The same and, for clients that know nothing better, ciphers in CBC mode; still with forward secrecy.
    case compatible

    /// TLS 1.2's ciphers; those of 1.3 are all good and cannot be chosen.
    private var ciphers: [NIOTLSCipher] {
        let authenticated: [NIOTLSCipher] = [
            .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        ]
        switch self {
        case .modern, .standard: return authenticated
        case .compatible:
            return authenticated + [
                .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, .TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
                .TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, .TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
            ]
        }
    }

    /// How connections with this certificate are made. SHA-1 signs nothing.
    func configuration(
        for pair: CertifiedKey, protocols: [String], choice: TLSChoice = TLSChoice(),
        clients: ClientCertificates? = nil
    ) -> TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.tlsChain.map { .certificate($0) }, privateKey: .privateKey(pair.tlsKey))
        configuration.minimumTLSVersion = self == .modern ? .tlsv13 : .tlsv12
        configuration.cipherSuiteValues =
            choice.ciphers.isEmpty ? ciphers : choice.ciphers.map { NIOTLSCipher(rawValue: $0) }
        configuration.curves =
            choice.curves.isEmpty
            ? [.x25519_MLKEM768, .x25519, .secp256r1, .secp384r1]
            : choice.curves.map { NIOTLSCurve(rawValue: $0) }
        configuration.signingSignatureAlgorithms = [
            .ed25519, .ecdsaSecp256R1Sha256, .ecdsaSecp384R1Sha384, .ecdsaSecp521R1Sha512,
            .rsaPssRsaeSha256, .rsaPssRsaeSha384, .rsaPssRsaeSha512,
            .rsaPkcs1Sha256, .rsaPkcs1Sha384, .rsaPkcs1Sha512,
        ]
        configuration.applicationProtocols = protocols
        configuration.renegotiationSupport = .none
        clients?.ask(in: &configuration)
        return configuration
    }
}

/// What somebody wants to be spoken in place of what a profile has, by the numbers of the IANA, the better one first.
package struct TLSChoice: Hashable, Sendable {
    /// Ciphers of TLS 1.2; none for the profile's.
    package var ciphers: [UInt16] = []
    /// Groups that keys are agreed on in; none for the profile's.
    package var curves: [UInt16] = []

    package init() {}

    /// What can be chosen: forward secrecy, and nothing that is broken.
    package static let ciphers: [String: UInt16] = [
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": 0xC02F, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": 0xC02B,
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": 0xC030, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": 0xC02C,
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305": 0xCCA8, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305": 0xCCA9,
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": 0xCCA8,
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": 0xCCA9,
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": 0xC013, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": 0xC009,
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": 0xC014, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": 0xC00A,
    ]
    package static let curves: [String: UInt16] = ["P256": 23, "P384": 24, "P521": 25, "X25519": 29]
}
