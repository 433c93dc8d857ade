import Accounts
import Crypto
import CryptoExtras
import FoundationEssentials

/// The algorithms whose signatures are believed (RFC 7518, 3.1): those with a public key. There is none for secrets
/// that two share, and none for no signature at all.
enum SignatureAlgorithm: String, CaseIterable, Sendable {
    case rs256 = "RS256"
    case rs384 = "RS384"
    case rs512 = "RS512"
    case ps256 = "PS256"
    case ps384 = "PS384"
    case ps512 = "PS512"
    case es256 = "ES256"
    case es384 = "ES384"
    case es512 = "ES512"
    case eddsa = "EdDSA"

    /// The first half of a hash of the algorithm's own length; nil where there is no agreement (OpenID Connect Core,
    /// 3.1.3.6).
    func leftHalf(of text: String) -> [UInt8]? {
        let bytes = Array(text.utf8)
        switch self {
        case .rs256, .ps256, .es256: return Array(SHA256.hash(data: bytes).prefix(16))
        case .rs384, .ps384, .es384: return Array(SHA384.hash(data: bytes).prefix(24))
        case .rs512, .ps512, .es512: return Array(SHA512.hash(data: bytes).prefix(32))
        case .eddsa: return nil
        }
    }
}

/// A public key of a provider.
struct ProviderKey: Sendable {
    private enum Material: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    static let rsaBitsMin = 2048

    let id: String?
    /// The one algorithm that the key is for, where the provider says so.
    private let algorithm: String?
    private let material: Material

    /// Reads one key of a set; nil for a key that is not for signatures, of an unknown kind, or too weak.
    init?(_ key: JSONValue) {
        guard let members = key.object else { return nil }
        if let use = members["use"]?.text, use != "sig" { return nil }
        if let uses = members["key_ops"]?.list, !uses.contains(.text("verify")) { return nil }
        guard let material = Self.material(members) else { return nil }
        self.id = members["kid"]?.text
        self.algorithm = members["alg"]?.text
        self.material = material
    }

    private static func material(_ members: [String: JSONValue]) -> Material? {
        func bytes(_ name: String) -> [UInt8]? {
            members[name]?.text.flatMap { Base64Text.decode($0) }
        }
        switch (members["kty"]?.text, members["crv"]?.text) {
        case ("RSA", _):
            guard let n = bytes("n"), let e = bytes("e"), n.count <= 1024, e.count <= 8,
                let key = try? _RSA.Signing.PublicKey(n: n, e: e), key.keySizeInBits >= rsaBitsMin
            else { return nil }
            return .rsa(key)
        case ("EC", let curve?):
            guard let x = bytes("x"), let y = bytes("y") else { return nil }
            let point = x + y
            switch curve {
            case "P-256": return (try? P256.Signing.PublicKey(rawRepresentation: point)).map(Material.p256)
            case "P-384": return (try? P384.Signing.PublicKey(rawRepresentation: point)).map(Material.p384)
            case "P-521": return (try? P521.Signing.PublicKey(rawRepresentation: point)).map(Material.p521)
            default: return nil
            }
        case ("OKP", "Ed25519"):
            return bytes("x").flatMap { try? Curve25519.Signing.PublicKey(rawRepresentation: $0) }
                .map(Material.ed25519)
        default: return nil
        }
    }

    /// Whether the key is of the kind that the algorithm needs, so that no key is used for what it is not for.
    func fits(_ wanted: SignatureAlgorithm) -> Bool {
        if let algorithm, algorithm != wanted.rawValue { return false }
        switch (material, wanted) {
        case (.rsa, .rs256), (.rsa, .rs384), (.rsa, .rs512), (.rsa, .ps256), (.rsa, .ps384), (.rsa, .ps512),
            (.p256, .es256), (.p384, .es384), (.p521, .es512), (.ed25519, .eddsa):
            return true
        default: return false
        }
    }

    func isRight(_ signature: [UInt8], over text: [UInt8], _ algorithm: SignatureAlgorithm) -> Bool {
        guard fits(algorithm) else { return false }
        switch material {
        case .rsa(let key): return Self.isRight(signature, over: text, algorithm, key)
        case .p256(let key):
            return (try? P256.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: text) } ?? false
        case .p384(let key):
            return (try? P384.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: text) } ?? false
        case .p521(let key):
            return (try? P521.Signing.ECDSASignature(rawRepresentation: signature))
                .map { key.isValidSignature($0, for: text) } ?? false
        case .ed25519(let key): return key.isValidSignature(signature, for: text)
        }
    }

    private static func isRight(
        _ signature: [UInt8], over text: [UInt8], _ algorithm: SignatureAlgorithm,
        _ key: _RSA.Signing.PublicKey
    ) -> Bool {
        let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
        let padding: _RSA.Signing.Padding =
            [.ps256, .ps384, .ps512].contains(algorithm) ? .PSS : .insecurePKCS1v1_5
        switch algorithm {
        case .rs256, .ps256:
            return key.isValidSignature(signature, for: SHA256.hash(data: text), padding: padding)
        case .rs384, .ps384:
            return key.isValidSignature(signature, for: SHA384.hash(data: text), padding: padding)
        case .rs512, .ps512:
            return key.isValidSignature(signature, for: SHA512.hash(data: text), padding: padding)
        case .es256, .es384, .es512, .eddsa: return false
        }
    }
}

/// The keys that a provider signs with (RFC 7517, 5).
struct KeySet: Sendable {
    static let countMax = 100
    let keys: [ProviderKey]

    init?(json bytes: [UInt8]) {
        guard let list = Claims(json: bytes)?["keys"]?.list, list.count <= Self.countMax else { return nil }
        keys = list.compactMap { ProviderKey($0) }
    }

    /// The keys that may have signed: the one that is named, or, where none is, all of the right kind.
    func candidates(id: String?, _ algorithm: SignatureAlgorithm) -> [ProviderKey] {
        keys.filter { key in (id == nil || key.id == id) && key.fits(algorithm) }
    }
}

/// Base 64 with the URL alphabet and without padding (RFC 7515, 2).
enum Base64Text {
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    static func decode(_ text: String) -> [UInt8]? {
        let isPlain = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
        guard isPlain else { return nil }
        var plain = text.replacing("-", with: "+").replacing("_", with: "/")
        plain += String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        return Data(base64Encoded: plain).map { Array($0) }
    }
}
