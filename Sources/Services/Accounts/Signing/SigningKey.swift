import Crypto
import CryptoExtras
package import FoundationEssentials
import ServerKit
import SwiftASN1
import X509

/// Which kind of key signs tokens.
package enum SigningAlgorithm: String, Sendable, CaseIterable {
    /// ES256: small, fast, and known to every registry since 2.x. The default.
    case p256
    /// ES384 and ES512, for those who were told to.
    case p384
    case p521
    /// RS256, for verifiers that know nothing else.
    case rsa2048
    case rsa4096
    /// EdDSA: registries from 3.0 on.
    case ed25519
}

/// A key that signs tokens, ready to use: parsed once, with its identifiers computed.
package struct SigningKey: Sendable {
    enum Material: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey, RSASigner)
        case ed25519(Curve25519.Signing.PrivateKey)

        static func rsa(_ key: _RSA.Signing.PrivateKey) throws -> Material { .rsa(key, try RSASigner(key)) }

        var jwsAlgorithm: String {
            switch self {
            case .p256: "ES256"
            case .p384: "ES384"
            case .p521: "ES512"
            case .rsa: "RS256"
            case .ed25519: "EdDSA"
            }
        }
    }

    let material: Material
    /// The RFC 7638 thumbprint of the public key: its identifier everywhere in Homeport.
    package let thumbprint: String
    /// The identifier that registries up to 2.8 compute ("libtrust"): `ABCD:EFGH:…`, twelve groups.
    package let libtrustID: String
    package let createdAt: Date
    /// The first part of a token, encoded, for each way to name the key.
    private let headers: [KeyForm: [UInt8]]
    /// The public half as JSON Web Keys, under both identifiers.
    let publicKeys: [String]

    /// What RFC 7518 calls the algorithm.
    package var jwsAlgorithm: String { material.jwsAlgorithm }

    /// The kind of key, for a person.
    package var algorithm: SigningAlgorithm {
        switch material {
        case .p256: .p256
        case .p384: .p384
        case .p521: .p521
        case .rsa(let key, _): key.keySizeInBits > 2048 ? .rsa4096 : .rsa2048
        case .ed25519: .ed25519
        }
    }

    /// When the certificate ends: from then on it is left out of tokens, because registries refuse an expired
    /// one even where they know the key.
    let certificateEnds: Date

    /// - Parameter certificates: in DER, the key's own first, then those that vouch for it.
    init(material: Material, certificates: [[UInt8]], createdAt: Date) throws {
        guard let own = certificates.first else { throw StoreError(.damaged, "there is no certificate") }
        let identity = try PublicKeyIdentity(of: material)
        self.material = material
        self.certificateEnds = try Certificate(derEncoded: own).notValidAfter
        self.thumbprint = identity.thumbprint
        self.libtrustID = identity.libtrustID
        self.createdAt = createdAt
        self.headers = Dictionary(
            uniqueKeysWithValues: KeyForm.all.map { form in
                let id = form.identifier == .libtrust ? identity.libtrustID : identity.thumbprint
                let chain = form.includesCertificate ? certificates : []
                return (form, Self.header(material.jwsAlgorithm, id: id, certificates: chain))
            })
        self.publicKeys = [identity.thumbprint, identity.libtrustID].map { id in
            #"{"kid":"\#(id)","alg":"\#(material.jwsAlgorithm)","use":"sig","# + identity.members.dropFirst()
        }
    }

    /// The encoded header of a token that is signed at this moment, up to the first dot.
    func header(_ form: KeyForm, at moment: Date) -> [UInt8] {
        let isShown = form.includesCertificate && moment < certificateEnds
        return headers[KeyForm(form.identifier, includesCertificate: isShown)] ?? []
    }

    private static func header(_ algorithm: String, id: String, certificates: [[UInt8]]) -> [UInt8] {
        var json = JSONText()
        json.raw(#"{"typ":"JWT","alg":"#)
        json.string(algorithm)
        json.raw(#","kid":"#)
        json.string(id)
        if !certificates.isEmpty {
            json.raw(#","x5c":"#)
            json.strings(certificates.map(Base64URL.encodeStandard))
        }
        json.raw("}")
        var text: [UInt8] = []
        Base64URL.append(json.bytes, to: &text)
        return text
    }

    /// Signs the bytes before the last dot of a token.
    func sign(_ bytes: [UInt8]) throws -> [UInt8] {
        switch material {
        case .p256(let key): Array(try key.signature(for: bytes).rawRepresentation)
        case .p384(let key): Array(try key.signature(for: bytes).rawRepresentation)
        case .p521(let key): Array(try key.signature(for: bytes).rawRepresentation)
        case .rsa(_, let signer): try signer.sign(bytes)
        case .ed25519(let key): Array(try key.signature(for: bytes))
        }
    }

    func isValid(_ signature: [UInt8], for bytes: [UInt8]) -> Bool {
        switch material {
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
                return false
            }
            return key.publicKey.isValidSignature(signature, for: bytes)
        case .p384(let key):
            guard let signature = try? P384.Signing.ECDSASignature(rawRepresentation: signature) else {
                return false
            }
            return key.publicKey.isValidSignature(signature, for: bytes)
        case .p521(let key):
            guard let signature = try? P521.Signing.ECDSASignature(rawRepresentation: signature) else {
                return false
            }
            return key.publicKey.isValidSignature(signature, for: bytes)
        case .rsa(let key, _):
            return key.publicKey.isValidSignature(
                _RSA.Signing.RSASignature(rawRepresentation: signature), for: SHA256.hash(data: bytes),
                padding: .insecurePKCS1v1_5)
        case .ed25519(let key):
            return key.publicKey.isValidSignature(signature, for: bytes)
        }
    }
}

/// How the public half of a key is named and published (RFC 7517, 7518, 7638, 8037).
struct PublicKeyIdentity {
    let thumbprint: String
    let libtrustID: String
    /// The members of a JSON Web Key that say which key it is, as RFC 7638 wants them: sorted, without
    /// spaces.
    let members: String

    init(of material: SigningKey.Material) throws {
        let spki: [UInt8]
        switch material {
        case .p256(let key):
            members = Self.members(curve: "P-256", point: Array(key.publicKey.rawRepresentation))
            spki = Array(key.publicKey.derRepresentation)
        case .p384(let key):
            members = Self.members(curve: "P-384", point: Array(key.publicKey.rawRepresentation))
            spki = Array(key.publicKey.derRepresentation)
        case .p521(let key):
            members = Self.members(curve: "P-521", point: Array(key.publicKey.rawRepresentation))
            spki = Array(key.publicKey.derRepresentation)
        case .rsa(let key, _):
            let numbers = try key.publicKey.getKeyPrimitives()
            members =
                #"{"e":"\#(Base64URL.encode(Self.withoutLeadingZeros(numbers.publicExponent)))","kty":"RSA","#
                + #""n":"\#(Base64URL.encode(Self.withoutLeadingZeros(numbers.modulus)))"}"#
            spki = Array(key.publicKey.derRepresentation)
        case .ed25519(let key):
            let point = Array(key.publicKey.rawRepresentation)
            members = #"{"crv":"Ed25519","kty":"OKP","x":"\#(Base64URL.encode(point))"}"#
            spki = Ed25519Encoding.publicPrefix + point
        }
        thumbprint = Base64URL.encode(Array(SHA256.hash(data: Array(members.utf8))))
        libtrustID = Self.libtrustID(ofPublicKey: spki)
    }

    /// SHA-256 of the DER SubjectPublicKeyInfo, its first 240 bits in base 32, in groups of four.
    private static func libtrustID(ofPublicKey der: [UInt8]) -> String {
        let digits = Array(Base32.encode(SHA256.hash(data: der).prefix(30), digits: Base32.uppercase))
        return stride(from: 0, to: digits.count, by: 4).map { String(digits[$0..<$0 + 4]) }.joined(
            separator: ":")
    }

    /// - Parameter point: X and Y, one after the other, each as long as the field (RFC 7518, section 6.2.1).
    private static func members(curve: String, point: [UInt8]) -> String {
        let half = point.count / 2
        return #"{"crv":"\#(curve)","kty":"EC","x":"\#(Base64URL.encode(Array(point.prefix(half))))","#
            + #""y":"\#(Base64URL.encode(Array(point.suffix(half))))"}"#
    }

    private static func withoutLeadingZeros(_ number: Data) -> [UInt8] { Array(number.drop { $0 == 0 }) }
}

/// Ed25519 keys in PKCS #8 and SubjectPublicKeyInfo (RFC 8410): fixed bytes around the 32 of the key.
enum Ed25519Encoding {
    static let privatePrefix: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]
    static let publicPrefix: [UInt8] = [
        0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
    ]
}
