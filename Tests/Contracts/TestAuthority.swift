import Crypto
import CryptoExtras
package import Foundation
import SwiftASN1
import X509

/// An authority of a test's own, which issues certificates of every kind, also such as nobody should show.
package struct TestAuthority: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case p256, p384, rsa, ed25519
    }

    private let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    private let name: DistinguishedName
    private let certificate: Certificate

    /// The authority's own certificate, for clients that are to believe it.
    package var pem: String {
        get throws { try certificate.serializeAsPEM().pemString + "\n" }
    }

    package init() throws {
        let name = try DistinguishedName { CommonName("Authority of a test") }
        self.name = name
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: -400 * 86_400),
            notValidAfter: Date(timeIntervalSinceNow: 400 * 86_400), issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
            }, issuerPrivateKey: key)
    }

    /// A certificate and its key, in PEM.
    package struct Issued: Sendable {
        package let certificate: String
        package let key: String

        /// Writes `NAME.pem` and `NAME.key`, as certbot would: first beside, then over what was there.
        package func write(to folder: String, as name: String = "tls") throws {
            for (text, ending) in [(certificate, "pem"), (key, "key")] {
                let path = "\(folder)/\(name).\(ending)"
                try text.write(toFile: path, atomically: true, encoding: .utf8)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            }
        }
    }

    /// - Parameter hasAddress: whether it is for 127.0.0.1, too.
    package func issue(
        _ names: [String], kind: Kind = .p256, hasAddress: Bool = true, begins: TimeInterval = -86_400,
        ends: TimeInterval = 90 * 86_400
    ) throws -> Issued {
        let address = GeneralName.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))
        return try issue(
            try DistinguishedName { CommonName(names.first ?? "nobody") }, .serverAuth,
            names.map { .dnsName($0) } + (hasAddress ? [address] : []),
            kind: kind, begins: begins, ends: ends)
    }

    /// A certificate of a person or a robot, for being shown to servers.
    ///
    /// - Parameter names: common names, usually one.
    package func issueClient(
        _ names: [String], emails: [String] = [], begins: TimeInterval = -86_400,
        ends: TimeInterval = 90 * 86_400
    ) throws -> Issued {
        let subject = try DistinguishedName {
            OrganizationName("People of a test")
            for name in names { CommonName(name) }
        }
        return try issue(
            subject, .clientAuth, emails.map { .rfc822Name($0) }, kind: .p256, begins: begins, ends: ends)
    }

    private func issue(
        _ subject: DistinguishedName, _ usage: ExtendedKeyUsage.Usage, _ names: [GeneralName], kind: Kind,
        begins: TimeInterval, ends: TimeInterval
    ) throws -> Issued {
        let own = try Self.key(kind)
        let issued = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: own.publicKey,
            notValidBefore: Date(timeIntervalSinceNow: begins),
            notValidAfter: Date(timeIntervalSinceNow: ends),
            issuer: name, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                try ExtendedKeyUsage([usage])
                if !names.isEmpty { SubjectAlternativeNames(names) }
            }, issuerPrivateKey: key)
        return Issued(
            certificate: try issued.serializeAsPEM().pemString + "\n" + pem,
            key: try own.serializeAsPEM().pemString + "\n")
    }

    private static func key(_ kind: Kind) throws -> Certificate.PrivateKey {
        switch kind {
        case .p256: Certificate.PrivateKey(P256.Signing.PrivateKey())
        case .p384: Certificate.PrivateKey(P384.Signing.PrivateKey())
        case .rsa: Certificate.PrivateKey(try _RSA.Signing.PrivateKey(keySize: .bits2048))
        case .ed25519: Certificate.PrivateKey(Curve25519.Signing.PrivateKey())
        }
    }
}
