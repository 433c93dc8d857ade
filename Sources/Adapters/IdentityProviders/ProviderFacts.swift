import Accounts
import FoundationEssentials
import Synchronization

/// Where a provider's doors are (OpenID Connect Discovery, 3).
struct ProviderDoors: Sendable {
    let authorization: String
    let token: String
    let userInfo: String?
    let keys: String?
    /// The ways to say who we are that the token door takes.
    let takesBasic: Bool
    /// Whether the browser has to bring back the issuer's name (RFC 9207).
    let namesIssuer: Bool

    /// Reads what a provider publishes. Throws for one that speaks for somebody else, or sends secrets in clear.
    init(_ metadata: Claims, issuer: String) throws(ProviderError) {
        guard let said = metadata.text("issuer") else {
            throw .unavailable("what it publishes about itself cannot be read")
        }
        guard said == issuer else {
            throw .untrue("it calls itself \(Self.short(said)) and not \(issuer); write `issuer` as it does")
        }
        guard let authorization = metadata.text("authorization_endpoint"),
            let token = metadata.text("token_endpoint"), let keys = metadata.text("jwks_uri")
        else {
            throw .unavailable("it does not publish its authorization_endpoint, token_endpoint and jwks_uri")
        }
        let userInfo = metadata.text("userinfo_endpoint")
        for address in [authorization, token, keys] + [userInfo].compactMap(\.self)
        where !SafeAddress.isSafe(address) {
            throw .untrue("it publishes an address that is not https: \(Self.short(address))")
        }
        self.authorization = authorization
        self.token = token
        self.userInfo = userInfo
        self.keys = keys
        let ways =
            metadata["token_endpoint_auth_methods_supported"] == nil
            ? ["client_secret_basic"] : metadata.texts("token_endpoint_auth_methods_supported")
        self.takesBasic = ways.contains("client_secret_basic")
        self.namesIssuer = metadata["authorization_response_iss_parameter_supported"] == .flag(true)
    }

    /// The doors of GitHub, which publishes none.
    init(gitHub web: String) {
        authorization = web + "/login/oauth/authorize"
        token = web + "/login/oauth/access_token"
        userInfo = nil
        keys = nil
        takesBasic = false
        namesIssuer = false
    }

    /// The doors of GitLab for those who ask without OpenID Connect.
    init(gitLab web: String) {
        authorization = web + "/oauth/authorize"
        token = web + "/oauth/token"
        userInfo = nil
        keys = nil
        takesBasic = false
        namesIssuer = false
    }

    private static func short(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 > 0x20 && $0 < 0x7F }.prefix(200), as: UTF8.self)
    }
}

/// What is known of a provider, and fetched again when it is old: its doors and its keys.
final class ProviderFacts: Sendable {
    /// For how long the doors are believed, and the keys: a key that was taken out counts for no longer.
    private static let doorsLife: TimeInterval = 3600
    private static let keysLife: TimeInterval = 300
    /// A key that is not among those that are known has them fetched anew, but no more often than this.
    private static let keysPause: TimeInterval = 10

    private struct State {
        var doors: (value: ProviderDoors, at: Date)?
        var keys: (value: KeySet, at: Date)?
    }

    private let issuer: String
    private let talk: ProviderTalk
    private let now: @Sendable () -> Date
    private let state = Mutex(State())

    init(issuer: String, talk: ProviderTalk, now: @escaping @Sendable () -> Date) {
        self.issuer = issuer
        self.talk = talk
        self.now = now
    }

    /// - Parameter isFresh: whether it has to be asked now.
    func doors(isFresh: Bool = false) async throws(ProviderError) -> ProviderDoors {
        let moment = now()
        if !isFresh, let known = state.withLock({ $0.doors }), Self.isYoung(known.at, Self.doorsLife, moment)
        {
            return known.value
        }
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        let label = "its /.well-known/openid-configuration"
        let answer = try await talk.get(base + "/.well-known/openid-configuration", label: label)
        guard answer.status == 200, let metadata = answer.claims else {
            throw .unavailable("\(label) answers \(answer.status), and nothing that can be read")
        }
        let doors = try ProviderDoors(metadata, issuer: issuer)
        state.withLock { $0.doors = (doors, moment) }
        return doors
    }

    /// The keys that may have signed a token.
    func keys(for token: IDToken) async throws(ProviderError) -> [ProviderKey] {
        let known = state.withLock { $0.keys }
        if let known, Self.isYoung(known.at, Self.keysLife, now()) {
            let found = known.value.candidates(id: token.keyID, token.algorithm)
            if !found.isEmpty || Self.isYoung(known.at, Self.keysPause, now()) { return found }
        }
        let doors = try await doors()
        let answer = try await talk.get(doors.keys ?? "", label: "its jwks_uri")
        guard answer.status == 200, let set = KeySet(json: answer.bytes) else {
            throw .unavailable("its jwks_uri answers \(answer.status) and no set of keys")
        }
        state.withLock { $0.keys = (set, now()) }
        return set.candidates(id: token.keyID, token.algorithm)
    }

    private static func isYoung(_ date: Date, _ life: TimeInterval, _ now: Date) -> Bool {
        (0..<life).contains(now.timeIntervalSince(date))
    }
}
