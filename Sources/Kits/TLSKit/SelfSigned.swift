import Crypto
package import FoundationEssentials
import SwiftASN1
import X509

/// Certificates that the server makes itself.
package enum SelfSigned {
    /// One that stands in until an authority has given a real one. Clients do not believe it.
    package static func standIn(for names: [HostName], now: Date) throws -> CertifiedKey {
        try make(names, common: "Homeport stand-in", days: 30, now: now) {
            Critical(BasicConstraints.notCertificateAuthority)
            try ExtendedKeyUsage([.serverAuth])
        }
    }

    /// The proof that a name is ours, for an authority that asks over TLS (RFC 8737).
    ///
    /// - Parameter digest: SHA-256 of the key authorization.
    package static func challenge(for name: HostName, digest: [UInt8], now: Date) throws -> CertifiedKey {
        var value = DER.Serializer()
        try value.serialize(ASN1OctetString(contentBytes: ArraySlice(digest)))
        let proof = Certificate.Extension(
            oid: [1, 3, 6, 1, 5, 5, 7, 1, 31], critical: true, value: ArraySlice(value.serializedBytes))
        return try make([name], common: name.text, days: 7, now: now) { proof }
    }

    private static func make(
        _ names: [HostName], common: String, days: Double, now: Date,
        @ExtensionsBuilder extensions: () throws -> Result<Certificate.Extensions, any Error>
    ) throws -> CertifiedKey {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let subject = try DistinguishedName { CommonName(String(common.prefix(64))) }
        var all = try extensions().get()
        try all.append(
            Certificate.Extension(
                SubjectAlternativeNames(names.map { .dnsName($0.text) }), critical: false))
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now.addingTimeInterval(-3600),
            notValidAfter: now.addingTimeInterval(days * 86_400), issuer: subject, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: all, issuerPrivateKey: key)
        return try CertifiedKey(chain: [certificate], key: key)
    }
}
