import Accounts
import AsyncHTTPClient
import Crypto
import CryptoExtras
import Foundation
import NIOCore
import NIOHTTP1
import ServerKit
import Synchronization

@testable import IdentityProviders

/// An OpenID provider word for word, that lies when it is told to.
final class ScriptedProvider: Sendable {
    static let issuer = "https://login.example"
    static let clientID = "registry"
    static let secret = "a secret with : and ü"

    /// What differs from an honest provider.
    struct Lies: Sendable {
        var issuer = ScriptedProvider.issuer
        var metadataIssuer = ScriptedProvider.issuer
        var authorization = ScriptedProvider.issuer + "/authorize"
        var audience = #""registry""#
        var party: String?
        var nonce: String?
        var age = 0.0
        var life = 300.0
        var subject = "1"
        var userInfoSubject = "1"
        var userInfoStatus = 200
        var tokenStatus = 200
        var tokenError: String?
        var givesRefresh = true
        var givesIDToken = true
        var claims = #""email":"Dora@Example.com","email_verified":true,"groups":["dev","ops"]"#
        var userInfoClaims = ""
        var accessHash: String?
        var bigAnswer = false
        var namesIssuer = false
        /// Makes the token out of its payload; an honest signature where it is nil.
        var sign: (@Sendable (_ payload: String) -> String)?
        var keySet: String?
    }

    let lies: Mutex<Lies> = Mutex(Lies())
    let requests = Mutex<[HTTPClientRequest]>([])
    let clock = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
    let key = P256.Signing.PrivateKey()

    func lie(_ change: (inout Lies) -> Void) { lies.withLock { change(&$0) } }

    var now: @Sendable () -> Date { { self.clock.withLock { $0 } } }

    func count(_ path: String) -> Int { requests.withLock { $0.filter { $0.url.hasSuffix(path) }.count } }

    func advance(_ seconds: Double) { clock.withLock { $0 += seconds } }

    /// What was last sent there.
    func last(_ path: String) async throws -> (authorization: String?, body: String) {
        guard let request = requests.withLock({ $0.last { $0.url.hasSuffix(path) } }) else {
            return (nil, "")
        }
        var text = ""
        if let body = request.body {
            for try await piece in body { text += String(buffer: piece) }
        }
        return (request.headers.first(name: "Authorization"), text)
    }

    func provider(_ change: (inout ProviderDescription) -> Void = { _ in }) -> WebProvider {
        var description = ProviderDescription.openID(
            "staff", issuer: Self.issuer, clientID: Self.clientID, clientSecret: Secret(Self.secret))
        description.labels = ["groups": "groups"]
        change(&description)
        return WebProvider(description, send: { request, _ in try self.respond(request) }, now: now)
    }

    static let attempt = BrowserAttempt(
        state: "s", nonce: "n", verifier: Secret("v"),
        redirect: "https://registry.example/signin/staff/callback")

    func identity(_ provider: WebProvider, issuer: String? = nil) async throws(ProviderError) -> Identity {
        try await provider.identity(code: Secret("the code"), issuer: issuer, of: Self.attempt)
    }

    /// What a sign-in is refused with; nil when it is not.
    func refusal(_ provider: WebProvider, issuer: String? = nil) async -> ProviderError? {
        do throws(ProviderError) {
            _ = try await identity(provider, issuer: issuer)
            return nil
        } catch {
            return error
        }
    }

    func respond(_ request: HTTPClientRequest) throws -> HTTPClientResponse {
        requests.withLock { $0.append(request) }
        let lies = lies.withLock { $0 }
        switch request.url {
        case Self.issuer + "/.well-known/openid-configuration":
            return reply(
                .ok,
                """
                {"issuer":"\(lies.metadataIssuer)","authorization_endpoint":"\(lies.authorization)",
                "token_endpoint":"\(Self.issuer)/token","userinfo_endpoint":"\(Self.issuer)/userinfo",
                "jwks_uri":"\(Self.issuer)/keys",
                "authorization_response_iss_parameter_supported":\(lies.namesIssuer)}
                """)
        case Self.issuer + "/keys":
            if lies.bigAnswer { return reply(.ok, String(repeating: " ", count: 2 << 20)) }
            return reply(.ok, lies.keySet ?? #"{"keys":[\#(jwk())]}"#)
        case Self.issuer + "/token":
            if let error = lies.tokenError {
                return reply(.init(statusCode: lies.tokenStatus), #"{"error":"\#(error)"}"#)
            }
            let refresh = lies.givesRefresh ? #","refresh_token":"r""# : ""
            let token = !lies.givesIDToken ? "" : #","id_token":"\#(idToken(lies))""#
            return reply(
                .init(statusCode: lies.tokenStatus),
                #"{"access_token":"a","token_type":"Bearer","expires_in":60\#(refresh)\#(token)}"#)
        case Self.issuer + "/userinfo":
            let more = lies.userInfoClaims.isEmpty ? "" : "," + lies.userInfoClaims
            return reply(
                .init(statusCode: lies.userInfoStatus), #"{"sub":"\#(lies.userInfoSubject)"\#(more)}"#)
        default: return reply(.notFound, "")
        }
    }

    private func reply(_ status: HTTPResponseStatus, _ body: String) -> HTTPClientResponse {
        HTTPClientResponse(status: status, body: .bytes(ByteBuffer(string: body)))
    }

    func jwk(_ id: String = "k1", of key: P256.Signing.PublicKey? = nil) -> String {
        let point = (key ?? self.key.publicKey).rawRepresentation
        return
            #"{"kty":"EC","crv":"P-256","kid":"\#(id)","use":"sig","x":"\#(Base64Text.encode(point.prefix(32)))","y":"\#(Base64Text.encode(point.suffix(32)))"}"#
    }

    private func idToken(_ lies: Lies) -> String {
        let made = now().timeIntervalSince1970 - lies.age
        let party = lies.party.map { #","azp":"\#($0)""# } ?? ""
        let hash = lies.accessHash.map { #","at_hash":"\#($0)""# } ?? ""
        let payload =
            #"{"iss":"\#(lies.issuer)","sub":"\#(lies.subject)","aud":\#(lies.audience)\#(party),"#
            + #""nonce":"\#(lies.nonce ?? "n")","iat":\#(Int(made)),"exp":\#(Int(made + lies.life))\#(hash)"#
            + (lies.claims.isEmpty ? "" : "," + lies.claims) + "}"
        return lies.sign?(payload) ?? sign(payload)
    }

    /// An honest signature.
    func sign(_ payload: String, id: String? = "k1", by key: P256.Signing.PrivateKey? = nil) -> String {
        let name = id.map { #","kid":"\#($0)""# } ?? ""
        let text = Self.text(#"{"alg":"ES256"\#(name)}"#, payload)
        let signature = try? (key ?? self.key).signature(for: Array(text.utf8)).rawRepresentation
        return text + "." + Base64Text.encode(signature ?? Data())
    }

    static func text(_ head: String, _ payload: String) -> String {
        Base64Text.encode(Array(head.utf8)) + "." + Base64Text.encode(Array(payload.utf8))
    }
}
