package import FoundationEssentials

/// Why a certificate and its key cannot be shown, in words that follow the name of a file, and what to do.
package enum CertificateProblem: Error, Hashable, Sendable {
    case unreadable(reason: String)
    case tooLarge(limit: Int)
    case noCertificate
    case brokenCertificate
    case noAuthority
    case noKey
    case encryptedKey
    case brokenKey
    case mismatch(certificateFile: String)
    case expired(Date)

    package var cause: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .tooLarge(let limit): "is larger than \(limit) bytes"
        case .noCertificate: "holds no certificate in PEM form (`-----BEGIN CERTIFICATE-----`)"
        case .brokenCertificate: "holds a certificate that cannot be understood"
        case .noAuthority: "holds no certificate of an authority that can be understood"
        case .noKey: "holds no private key in PEM form (`-----BEGIN PRIVATE KEY-----`)"
        case .encryptedKey: "holds a key that a password protects"
        case .brokenKey: "holds a key that cannot be used; RSA, P-256, P-384, P-521 and Ed25519 can"
        case .mismatch(let file): "is not the key of the certificate in \(file)"
        case .expired(let date): "holds a certificate that has expired on \(date.formatted(.iso8601))"
        }
    }

    package var cure: String {
        switch self {
        case .unreadable: "see that it is there and that the user who runs the server may read it"
        case .tooLarge: "name the file that holds the certificate, its issuers, or the key, and nothing else"
        case .noCertificate, .brokenCertificate:
            "name the chain: the server's own certificate first, then its issuers (`fullchain.pem` of certbot)"
        case .noAuthority: "name a file with the certificates of the authorities, in PEM form"
        case .noKey: "name the file with the key (`privkey.pem` of certbot)"
        case .encryptedKey: "take the password off with `openssl pkey -in KEY -out NEW`"
        case .brokenKey: "make another with `openssl ecparam -name prime256v1 -genkey -noout -out KEY`"
        case .mismatch:
            "name two files that belong together: `openssl x509 -noout -pubkey -in CERTIFICATE` and "
                + "`openssl pkey -pubout -in KEY` say the same then"
        case .expired: "renew it, or let the server get its own (`acme`)"
        }
    }
}

/// What is wrong with a certificate's file, with its name.
package struct CertificateFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let problem: CertificateProblem

    package init(file: String, _ problem: CertificateProblem) {
        self.file = file
        self.problem = problem
    }

    package var description: String { "\(file) \(problem.cause); \(problem.cure)" }
}
