import Crypto
package import FoundationEssentials
import NIOSSL
import SwiftASN1
package import X509

/// A certificate with its issuers and the key that belongs to it, ready to be shown.
///
/// A value exists only when the two belong together.
package struct CertifiedKey: Sendable {
    /// The server's own certificate first.
    package let chain: [Certificate]
    package let key: Certificate.PrivateKey
    package let names: [CertificateName]
    let tlsChain: [NIOSSLCertificate]
    let tlsKey: NIOSSLPrivateKey

    package var leaf: Certificate { chain[0] }
    package var begins: Date { leaf.notValidBefore }
    package var ends: Date { leaf.notValidAfter }

    /// What it is called in the log and in metrics: its first name, or its subject.
    package var title: String { names.first?.description ?? leaf.subject.description }

    /// Reads both from PEM. A file may hold other things beside; the first key counts.
    package init(chain chainPEM: String, key keyPEM: String) throws(CertificateProblem) {
        let chain = try Self.certificates(chainPEM)
        let key = try Self.privateKey(keyPEM)
        guard key.publicKey == chain[0].publicKey else { throw .mismatch(certificateFile: "") }
        try self.init(chain: chain, key: key)
    }

    init(chain: [Certificate], key: Certificate.PrivateKey) throws(CertificateProblem) {
        self.chain = chain
        self.key = key
        names = Self.names(of: chain[0])
        do {
            tlsChain = try chain.map { certificate in
                var serializer = DER.Serializer()
                try serializer.serialize(certificate)
                return try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der)
            }
        } catch {
            throw .brokenCertificate
        }
        do {
            tlsKey = try NIOSSLPrivateKey(bytes: Array(key.serializeAsPEM().pemString.utf8), format: .pem)
        } catch {
            throw .brokenKey
        }
    }

    /// Whether the certificate itself, and nobody else, says that it is good.
    package var isSelfSigned: Bool { leaf.issuer == leaf.subject }

    /// The chain and the key as PEM, for being kept in files.
    package func pem() throws -> (chain: String, key: String) {
        let chain = try chain.map { try $0.serializeAsPEM().pemString }.joined(separator: "\n")
        return (chain + "\n", try key.serializeAsPEM().pemString + "\n")
    }

    private static func certificates(_ text: String) throws(CertificateProblem) -> [Certificate] {
        let documents = documents(text).filter { $0.discriminator == "CERTIFICATE" }
        guard !documents.isEmpty else { throw .noCertificate }
        do {
            return try documents.map { try Certificate(pemDocument: $0) }
        } catch {
            throw .brokenCertificate
        }
    }

    private static func privateKey(_ text: String) throws(CertificateProblem) -> Certificate.PrivateKey {
        if text.contains("ENCRYPTED") { throw .encryptedKey }
        let documents = documents(text).filter { $0.discriminator.hasSuffix("PRIVATE KEY") }
        guard let document = documents.first else { throw .noKey }
        do {
            return try Certificate.PrivateKey(pemDocument: document)
        } catch {
            throw .brokenKey
        }
    }

    /// What can be understood; a text that is no PEM has nothing in it.
    private static func documents(_ text: String) -> [PEMDocument] {
        (try? PEMDocument.parseMultiple(pemString: text)) ?? []
    }

    static func names(of certificate: Certificate) -> [CertificateName] {
        guard let alternatives = try? certificate.extensions.subjectAlternativeNames else { return [] }
        return alternatives.compactMap { name in
            guard case .dnsName(let text) = name else { return nil }
            return CertificateName(text)
        }
    }
}
