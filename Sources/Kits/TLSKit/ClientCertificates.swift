package import FoundationEssentials
package import NIOSSL
import SwiftASN1
import X509

/// Which certificates clients are asked for, and what is taken from one.
package struct ClientCertificates: Sendable {
    /// What in a certificate is the name of an account.
    package enum Field: String, CaseIterable, Sendable {
        case commonName = "common_name"
        case email
    }

    private let authorities: [NIOSSLCertificate]
    private let isRequired: Bool
    private let field: Field

    /// Blocks for as long as the disk takes.
    ///
    /// - Parameter isRequired: whether nobody comes through the handshake without one.
    package init(authorityFile: String, isRequired: Bool, field: Field) throws(CertificateFileError) {
        authorities = try AuthorityFile.certificates(in: authorityFile)
        self.isRequired = isRequired
        self.field = field
    }

    /// A certificate that is shown has to be good, whether one is required or not.
    func ask(in configuration: inout TLSConfiguration) {
        configuration.certificateVerification = isRequired ? .noHostnameVerification : .optionalVerification
        configuration.trustRoots = .certificates(authorities)
        configuration.sendCANameList = true
    }

    /// What a certificate says that has come through the handshake.
    package func read(_ certificate: NIOSSLCertificate) -> ShownCertificate {
        guard let bytes = try? certificate.toDERBytes(), let read = try? Certificate(derEncoded: bytes) else {
            return ShownCertificate(
                name: .unusable("the certificate cannot be understood"), ends: .distantFuture)
        }
        let (names, what) =
            switch field {
            case .commonName: (Self.commonNames(read), "common name")
            case .email: (Self.emails(read), "e-mail address")
            }
        let name: ShownCertificate.Name
        switch names?.count {
        case nil: name = .unusable("the \(what) in the certificate cannot be read")
        case 0: name = .unusable("the certificate holds no \(what)")
        case 1: name = names?.first.map { .name($0) } ?? .unusable("the certificate holds no \(what)")
        default: name = .unusable("the certificate holds more than one \(what)")
        }
        return ShownCertificate(name: name, ends: read.notValidAfter)
    }

    /// Nil when one is written in a way that is not read.
    private static func commonNames(_ certificate: Certificate) -> [String]? {
        var names: [String] = []
        for part in certificate.subject {
            for attribute in part where attribute.type == .RDNAttributeType.commonName {
                guard let text = String(attribute.value) else { return nil }
                names.append(text)
            }
        }
        return names
    }

    private static func emails(_ certificate: Certificate) -> [String]? {
        guard let found = try? certificate.extensions.subjectAlternativeNames else {
            let hasSome = certificate.extensions.contains {
                $0.oid == .X509ExtensionID.subjectAlternativeName
            }
            return hasSome ? nil : []
        }
        return found.compactMap { name in
            if case .rfc822Name(let text) = name { text } else { nil }
        }
    }
}

/// What a client's certificate says, of which the handshake has shown that it is good.
package struct ShownCertificate: Sendable, Hashable {
    package enum Name: Sendable, Hashable {
        case name(String)
        /// The sentence is for the client.
        case unusable(String)
    }

    package let name: Name
    /// It may end while the connection goes on, and sessions are taken up again without another look.
    package let ends: Date
}
