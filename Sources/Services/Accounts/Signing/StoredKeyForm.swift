import Crypto
import CryptoExtras
import FoundationEssentials
import ServerKit
import SwiftASN1
import X509

/// Making keys, and turning them into what is stored and back.
enum StoredKeyForm {
    /// Draws a new key with a certificate that outlives it by far: a registry refuses an expired one in
    /// `x5c`.
    ///
    /// - Parameter issuer: the name in the certificate, for a person who looks at it.
    static func make(_ algorithm: SigningAlgorithm, issuer: String, at moment: Date) throws -> StoredKey {
        let material = try draw(algorithm)
        let certificate = try certificate(for: material, issuer: issuer, at: moment)
        let key = try SigningKey(material: material, certificates: [certificate.derBytes], createdAt: moment)
        return StoredKey(
            id: key.thumbprint, privateKey: try privatePEM(of: material), certificate: certificate.pemString,
            createdAt: moment)
    }

    /// Reads a stored key. Throws `.damaged` for one that cannot be used.
    static func read(_ stored: StoredKey) throws(StoreError) -> SigningKey {
        do {
            let key = try SigningKey(
                material: try readPrivate(stored.privateKey),
                certificates: try certificates(in: stored.certificate), createdAt: stored.createdAt)
            guard key.thumbprint == stored.id else {
                throw StoreError(.damaged, "its identifier is another key's")
            }
            return key
        } catch {
            // The cause may quote what could not be read, and that is the key: it is left out.
            throw StoreError(.damaged, "reading the signing key \(stored.id)")
        }
    }

    static func draw(_ algorithm: SigningAlgorithm) throws -> SigningKey.Material {
        switch algorithm {
        case .p256: .p256(p256())
        case .p384: .p384(p384())
        case .p521: .p521(p521())
        case .rsa2048: try .rsa(_RSA.Signing.PrivateKey(keySize: .bits2048))
        case .rsa4096: try .rsa(_RSA.Signing.PrivateKey(keySize: .bits4096))
        case .ed25519: .ed25519(Curve25519.Signing.PrivateKey())
        }
    }

    /// A key whose X and Y both begin with a byte that is not zero. Some verifiers drop leading zeros before
    /// they compute the thumbprint, others keep them; for such a key both find the same. One key in 128 is
    /// drawn again.
    private static func p256() -> P256.Signing.PrivateKey {
        while true {
            let key = P256.Signing.PrivateKey(compactRepresentable: false)
            let point = Array(key.publicKey.rawRepresentation)
            if point[0] != 0, point[32] != 0 { return key }
        }
    }

    private static func p384() -> P384.Signing.PrivateKey {
        while true {
            let key = P384.Signing.PrivateKey(compactRepresentable: false)
            let point = Array(key.publicKey.rawRepresentation)
            if point[0] != 0, point[48] != 0 { return key }
        }
    }

    /// Its numbers have 521 bits in 528: the first byte is zero for half of all keys.
    private static func p521() -> P521.Signing.PrivateKey {
        while true {
            let key = P521.Signing.PrivateKey(compactRepresentable: false)
            let point = Array(key.publicKey.rawRepresentation)
            if point[0] != 0, point[66] != 0 { return key }
        }
    }

    private static func certificate(
        for material: SigningKey.Material, issuer: String, at moment: Date
    ) throws -> PEMDocument {
        let key: Certificate.PrivateKey =
            switch material {
            case .p256(let key): .init(key)
            case .p384(let key): .init(key)
            case .p521(let key): .init(key)
            case .rsa(let key, _): .init(key)
            case .ed25519(let key): .init(key)
            }
        let name = try DistinguishedName { CommonName(String(issuer.prefix(64))) }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            // A day back, for verifiers whose clock is behind; fifty years on.
            notValidBefore: moment.addingTimeInterval(-86_400),
            notValidAfter: moment.addingTimeInterval(50 * 365.25 * 86_400),
            issuer: name, subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
            },
            issuerPrivateKey: key)
        return try certificate.serializeAsPEM()
    }

    private static func privatePEM(of material: SigningKey.Material) throws -> String {
        switch material {
        case .p256(let key): key.pemRepresentation
        case .p384(let key): key.pemRepresentation
        case .p521(let key): key.pemRepresentation
        case .rsa(let key, _): key.pkcs8PEMRepresentation
        case .ed25519(let key):
            PEMDocument(
                type: "PRIVATE KEY", derBytes: Ed25519Encoding.privatePrefix + Array(key.rawRepresentation)
            ).pemString
        }
    }

    private static func certificates(in pem: String) throws -> [[UInt8]] {
        try PEMDocument.parseMultiple(pemString: pem).filter { $0.discriminator == "CERTIFICATE" }
            .map(\.derBytes)
    }

    static func readPrivate(_ pem: String) throws -> SigningKey.Material {
        let der = try PEMDocument(pemString: pem).derBytes
        if der.starts(with: Ed25519Encoding.privatePrefix) {
            return .ed25519(try .init(rawRepresentation: der.dropFirst(Ed25519Encoding.privatePrefix.count)))
        }
        if let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) { return .p256(key) }
        if let key = try? P384.Signing.PrivateKey(pemRepresentation: pem) { return .p384(key) }
        if let key = try? P521.Signing.PrivateKey(pemRepresentation: pem) { return .p521(key) }
        return try .rsa(_RSA.Signing.PrivateKey(pemRepresentation: pem))
    }
}
