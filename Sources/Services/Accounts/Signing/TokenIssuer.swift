package import Access
package import FoundationEssentials
package import ServerKit

/// Signs bearer tokens, and reads them back.
package struct TokenIssuer: Sendable {
    package struct Settings: Sendable {
        /// Who issues: `iss`, which registries compare with their own setting.
        package var issuer: String
        /// How many seconds a token lives; 60 at least, because clients believe nothing shorter (token spec).
        package var lifetime: Int {
            didSet { lifetime = max(lifetime, Self.lifetimeMin) }
        }
        package var keyForm: KeyForm
        /// Whether a token holds only what the token specification names: for a server that issues tokens and
        /// has no registry, which alone could ask what the rest means.
        package var isPlain = false

        package static let lifetimeMin = 60
        package static let lifetimeDefault = 900

        package init(issuer: String, lifetime: Int = Self.lifetimeDefault, keyForm: KeyForm = .universal) {
            self.issuer = issuer
            self.lifetime = max(lifetime, Self.lifetimeMin)
            self.keyForm = keyForm
        }
    }

    /// How far clocks may differ: `nbf` lies this many seconds back, and a token is read this much longer.
    package static let leeway = 10
    /// A token of ours with a hundred scopes stays below it.
    static let lengthMax = 64 << 10
    /// How long after its end a token still says who began an upload.
    static let sessionMax = 86_400

    private let settings: Settings
    private let keys: SigningKeys
    private let now: WallClock

    package init(_ settings: Settings, keys: SigningKeys, now: @escaping WallClock) {
        self.settings = settings
        self.keys = keys
        self.now = now
    }

    /// Signs a token.
    ///
    /// - Parameter ceiling: when the account or its credential ends, if it does: the token ends then too, but
    /// lives 60 seconds in any case. (Our own registry asks for the account at each request and needs no
    /// ceiling.)
    package func issue(
        subject: AccountName, audience: String, access: [Scope], credential: String?, ceiling: Date?
    ) async throws(StoreError) -> BearerToken {
        let key = try await keys.ring().signing
        let issuedAt = Int(now().timeIntervalSince1970)
        var expires = issuedAt + settings.lifetime
        if let ceiling {
            let end = Int(min(max(ceiling.timeIntervalSince1970, 0), 1e12))
            expires = min(expires, max(end, issuedAt + Settings.lifetimeMin))
        }
        let claims = TokenClaims(
            issuer: settings.issuer, subject: subject.text, audience: audience, expires: expires,
            notBefore: issuedAt - Self.leeway, issuedAt: issuedAt, id: Base64URL.encode(Random.bytes(16)),
            access: settings.isPlain ? access.map(Self.plain) : access,
            credential: settings.isPlain ? nil : credential)
        do {
            let text = try Self.compact(claims, signedBy: key, form: settings.keyForm)
            return BearerToken(
                text: Secret(text), issuedAt: Date(timeIntervalSince1970: Double(issuedAt)),
                expiresIn: expires - issuedAt)
        } catch {
            throw StoreError(.failed, "signing a token", cause: error)
        }
    }

    /// What keeps a token from being believed, or what it says.
    enum Reading: Sendable {
        case valid(TokenClaims)
        /// Everything holds but the time.
        case ended(TokenClaims)
        /// The sentence is for the client.
        case refused(String)
    }

    /// Checks a token's form, key, signature, issuer, audience and time, in this order.
    func read(_ token: String, audience: String) async throws(StoreError) -> Reading {
        guard token.utf8.count <= Self.lengthMax else { return .refused("the token is too long") }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2]),
            let head = try? JSONDecoder().decode(Header.self, from: Data(header))
        else { return .refused("this is not a token") }

        let moment = now()
        let ring = try await keys.ring()
        // The key decides the algorithm, never the token: "none" or a MAC keyed with a public key lead
        // nowhere.
        guard head.crit == nil, let id = head.kid, let key = ring.key(id, at: moment),
            key.jwsAlgorithm == head.alg
        else { return .refused("the token is not signed with a key of this server") }
        let signed = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
        guard key.isValid(signature, for: signed) else { return .refused("the token's signature is wrong") }
        guard let claims = try? JSONDecoder().decode(TokenClaims.self, from: Data(payload)) else {
            return .refused("the token's claims cannot be read")
        }
        return judge(claims, audience: audience, at: Int(moment.timeIntervalSince1970))
    }

    private func judge(_ claims: TokenClaims, audience: String, at second: Int) -> Reading {
        guard claims.issuer == settings.issuer else { return .refused("the token is of another issuer") }
        guard claims.audience == audience else { return .refused("the token is for another service") }
        guard claims.notBefore - Self.leeway <= second else { return .refused("the token is not valid yet") }
        return claims.expires + Self.leeway > second ? .valid(claims) : .ended(claims)
    }

    /// The class of a resource is deprecated, and registries leave it out of account.
    private static func plain(_ scope: Scope) -> Scope {
        Scope(type: scope.type, name: scope.name, actions: scope.actions)
    }

    private struct Header: Decodable {
        let alg: String
        let kid: String?
        /// Extensions that must be understood (RFC 7515, section 4.1.11): none is.
        let crit: [String]?
    }

    static func compact(_ claims: TokenClaims, signedBy key: SigningKey, form: KeyForm) throws -> String {
        let moment = Date(timeIntervalSince1970: Double(claims.issuedAt))
        var text = key.header(form, at: moment)
        text.append(UInt8(ascii: "."))
        Base64URL.append(claims.json, to: &text)
        let signature = try key.sign(text)
        text.append(UInt8(ascii: "."))
        Base64URL.append(signature, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

/// A signed token on its way to a client.
package struct BearerToken: Sendable {
    package let text: Secret
    package let issuedAt: Date
    /// Seconds.
    package let expiresIn: Int
}
