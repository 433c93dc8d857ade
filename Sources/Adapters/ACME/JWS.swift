import Crypto
import Foundation

/// The key of an account with an authority, and what it signs (RFC 8555, 6.2; RFC 7515).
struct AccountKey: Sendable {
    private let key: P256.Signing.PrivateKey

    init() { key = P256.Signing.PrivateKey() }

    init(pem: String) throws { key = try P256.Signing.PrivateKey(pemRepresentation: pem) }

    var pem: String { key.pemRepresentation }

    /// The public key, with its members in the order that RFC 7638 wants.
    struct JWK: Encodable {
        let crv = "P-256"
        let kty = "EC"
        let x: String
        let y: String
    }

    var jwk: JWK {
        let point = key.publicKey.rawRepresentation
        return JWK(x: point.prefix(32).base64URL, y: point.suffix(32).base64URL)
    }

    /// What the authority looks for behind a name: the token and the key's thumbprint (RFC 8555, 8.1).
    func authorization(for token: String) throws -> String {
        "\(token).\(Data(SHA256.hash(data: try JSON.encode(jwk))).base64URL)"
    }

    /// - Parameters:
    ///   - account: the account's address, or nil before there is one: the key itself is named then.
    ///   - payload: empty for reading (POST-as-GET).
    func sign(_ payload: Data, url: String, nonce: String, account: String?) throws -> Data {
        let head = Head(
            alg: "ES256", nonce: nonce, url: url, kid: account, jwk: account == nil ? jwk : nil)
        return try SignedMessage.make(JSON.encode(head), payload) { text in
            try key.signature(for: text).rawRepresentation
        }
    }

    /// Says, with the secret that an authority has given beforehand, that this key is its customer's (RFC 8555,
    /// 7.3.4).
    func binding(to customer: String, secret: Data, url: String) throws -> SignedMessage {
        let head = Head(alg: "HS256", nonce: nil, url: url, kid: customer, jwk: nil)
        return try SignedMessage(JSON.encode(head), JSON.encode(jwk)) { text in
            Data(HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: secret)))
        }
    }

    private struct Head: Encodable {
        let alg: String
        let nonce: String?
        let url: String
        let kid: String?
        let jwk: JWK?
    }
}

/// A head, a payload, and the signature over both.
struct SignedMessage: Encodable, Sendable {
    let protected: String
    let payload: String
    let signature: String

    init(_ head: Data, _ payload: Data, sign: (Data) throws -> Data) rethrows {
        let protected = head.base64URL
        let payload = payload.base64URL
        self.protected = protected
        self.payload = payload
        signature = try sign(Data("\(protected).\(payload)".utf8)).base64URL
    }

    static func make(_ head: Data, _ payload: Data, sign: (Data) throws -> Data) throws -> Data {
        try JSON.encode(SignedMessage(head, payload, sign: sign))
    }
}

/// JSON with its members in order, so that the same value is the same bytes.
enum JSON {
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}

extension Data {
    /// RFC 4648, 5, without padding.
    var base64URL: String {
        base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    init?(base64URL text: String) {
        var plain = text.replacing("-", with: "+").replacing("_", with: "/").replacing("=", with: "")
        plain += String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)
        self.init(base64Encoded: plain)
    }
}
