import Access
import Contracts
import Crypto
import FoundationEssentials
import ServerKit
import Testing

@testable import Accounts

/// What a token says, and every way to forge one.
@Suite struct BearerTokenTests {
    private let house = House()

    private func ready() async throws -> SigningKey {
        if try await house.services.keys.list().isEmpty {
            try await house.services.keys.prepare()
            try await house.add("alice")
            try await house.rule(10, ["*"])
        }
        return try await house.services.keys.ring().signing
    }

    private func token(_ change: (inout TokenClaims) -> Void = { _ in }) async throws -> String {
        let key = try await ready()
        var claims = TokenClaims.sample
        claims.credential = Credential.password(mark: try await mark()).claim
        change(&claims)
        return try TokenIssuer.compact(claims, signedBy: key, form: .universal)
    }

    private func mark() async throws -> String {
        Standing.Record(try await house.services.accounts.account(named: try AccountName("alice")))
            .passwordMark
    }

    @Test func theClaimsAreThoseThatRegistriesReadInTheirOrder() async throws {
        _ = try await ready()
        let answer = try await house.answer(
            .credentials(.init(name: "alice", password: Secret("open sesame"))),
            ["repository:team/app:pull,push", "registry:catalog:*", "repository(plugin):p:pull"])
        let parts = answer.token.text.revealed.split(separator: ".")
        let payload = String(decoding: try #require(Base64URL.decode(parts[1])), as: UTF8.self)
        let id = try JSONDecoder().decode(TokenClaims.self, from: Data(payload.utf8)).id
        #expect(id.utf8.count == 22)
        #expect(
            payload == #"{"iss":"homeport","sub":"alice","aud":"registry.example","exp":1800000900,"#
                + #""nbf":1799999990,"iat":1800000000,"jti":"\#(id)","access":["#
                + #"{"type":"repository","name":"team/app","actions":["pull","push"]},"#
                + #"{"type":"registry","name":"catalog","actions":["*"]},"#
                + #"{"type":"repository","class":"plugin","name":"p","actions":["pull"]}],"#
                + #""cred":"password:\#(try await mark())"}"#)
        #expect(answer.token.expiresIn == 900)
        #expect(answer.token.issuedAt == house.clock.now())
    }

    @Test func noTwoTokensHaveTheSameIdentifier() async throws {
        _ = try await ready()
        let tokens = [try await house.token("alice"), try await house.token("alice")]
        #expect(tokens[0] != tokens[1])
    }

    @Test func aTokenIsAsShortAsTheTableOfFormsSays() async throws {
        let key = try await ready()
        var claims = TokenClaims.sample
        claims.access = [Scope(type: "repository", name: "library/alpine", actions: ["pull", "push"])]
        let short = try TokenIssuer.compact(
            claims, signedBy: key, form: .init(.thumbprint, includesCertificate: false))
        #expect(short.utf8.count < 520)
        #expect(try TokenIssuer.compact(claims, signedBy: key, form: .universal).utf8.count < 1300)
    }

    @Test func ourOwnTokenIsBelieved() async throws {
        #expect(await house.refusal(ofBearer: try await token()) == nil)
    }

    /// A token of ours, correctly signed, that says something else than it should.
    enum Slip: CaseIterable {
        case issuer, audience, noAudience, ended, notYet, nobody, forgedName, lineFeed
        case noCredential, otherPassword, unknownCredential, unknownToken

        func make(in claims: inout TokenClaims) {
            switch self {
            case .issuer: claims.issuer = "other"
            case .audience: claims.audience = "other.example"
            case .noAudience: claims.audience = ""
            case .ended: claims.expires = 1_799_999_990
            case .notYet: claims.notBefore = 1_800_000_011
            case .nobody: claims.subject = "bob"
            case .forgedName: claims.subject = "a:b"
            case .lineFeed: claims.subject = "alice\n"
            case .noCredential: claims.credential = nil
            case .otherPassword: claims.credential = "password:other"
            case .unknownCredential: claims.credential = "magic:1"
            case .unknownToken: claims.credential = "token:abcdefghijklmnop"
            }
        }
    }

    @Test(arguments: Slip.allCases)
    func aTokenIsForOneIssuerServiceTimeAndAccount(slip: Slip) async throws {
        let refusal = await house.refusal(ofBearer: try await token { slip.make(in: &$0) })
        guard case .invalidToken = refusal else {
            Issue.record("\(slip): \(String(describing: refusal))")
            return
        }
    }

    @Test func clocksMayDifferByTenSeconds() async throws {
        #expect(await house.refusal(ofBearer: try await token { $0.expires = 1_799_999_991 }) == nil)
        #expect(
            await House().refusal(ofBearer: "x") == .invalidToken("this is not a token"))
    }

    @Test func aTokenForAnotherServiceIsRefusedHere() async throws {
        _ = try await ready()
        let other = try await house.token("alice", service: "other.example")
        #expect(await house.refusal(ofBearer: other) == .invalidToken("the token is for another service"))
    }

    @Test func algNoneIsRefused() async throws {
        let parts = try await token().split(separator: ".")
        for alg in ["none", "None", "NONE", ""] {
            let header = try await header(alg: alg)
            #expect(await house.refusal(ofBearer: "\(header).\(parts[1]).") != nil)
            #expect(await house.refusal(ofBearer: "\(header).\(parts[1]).\(parts[2])") != nil)
        }
    }

    @Test func aMACWithThePublicKeyIsRefused() async throws {
        let key = try await ready()
        let listed = try await house.services.keys.list()[0]
        guard case .p256(let secret) = try StoredKeyForm.read(try await house.store.keys()[0]).material else {
            return
        }
        let parts = try await token().split(separator: ".")
        let header = try await header(alg: "HS256", kid: key.thumbprint)
        let signed = "\(header).\(parts[1])"
        let guesses = [
            Data(listed.certificate.utf8), Data(secret.publicKey.pemRepresentation.utf8),
            secret.publicKey.derRepresentation, secret.publicKey.x963Representation,
            Data(key.thumbprint.utf8),
        ]
        for guess in guesses {
            let mac = HMAC<SHA256>.authenticationCode(
                for: Data(signed.utf8), using: SymmetricKey(data: guess))
            #expect(await house.refusal(ofBearer: "\(signed).\(Base64URL.encode(Array(mac)))") != nil)
        }
    }

    @Test func aKeyThatTheTokenBringsAlongIsNotBelieved() async throws {
        _ = try await ready()
        let foreign = try StoredKeyForm.read(
            try StoredKeyForm.make(.p256, issuer: "homeport", at: house.clock.now()))
        var claims = TokenClaims.sample
        claims.credential = Credential.password(mark: try await mark()).claim
        for form in KeyForm.all {
            let token = try TokenIssuer.compact(claims, signedBy: foreign, form: form)
            #expect(await house.refusal(ofBearer: token) != nil, "its certificate or identifier is its own")
        }
        // The attacker's signature under our key's name.
        let ours = try await house.services.keys.ring().signing
        var text = ours.header(.universal, at: house.clock.now()) + [UInt8(ascii: ".")]
        Base64URL.append(claims.json, to: &text)
        let signature = Base64URL.encode(try foreign.sign(text))
        #expect(await house.refusal(ofBearer: String(decoding: text, as: UTF8.self) + "." + signature) != nil)
    }

    @Test func aChangedTokenIsRefusedWhereverItWasChanged() async throws {
        let text = Array(try await token().utf8)
        for place in stride(from: 0, to: text.count, by: 7) {
            var changed = text
            changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(
                await house.refusal(ofBearer: String(decoding: changed, as: UTF8.self)) != nil, "at \(place)")
        }
        #expect(await house.refusal(ofBearer: String(decoding: text, as: UTF8.self)) == nil)
    }

    @Test func extensionsThatMustBeUnderstoodAreNot() async throws {
        let key = try await ready()
        var json = JSONText()
        json.raw(#"{"typ":"JWT","alg":"ES256","crit":["exp"],"kid":"#)
        json.string(key.thumbprint)
        json.raw("}")
        var text: [UInt8] = []
        Base64URL.append(json.bytes, to: &text)
        text.append(UInt8(ascii: "."))
        Base64URL.append(TokenClaims.sample.json, to: &text)
        let signature = Base64URL.encode(try key.sign(text))
        #expect(await house.refusal(ofBearer: String(decoding: text, as: UTF8.self) + "." + signature) != nil)
    }

    @Test(arguments: [
        "", ".", "..", "...", "a.b", "a.b.c.d", "eyJ9.e30.AA", "\0.\0.\0",
        String(repeating: "a", count: 100_000),
        "e30.e30.", "bnVsbA.bnVsbA.bnVsbA",
    ])
    func whatIsNoTokenIsRefused(text: String) async throws {
        _ = try await ready()
        #expect(await house.refusal(ofBearer: text) != nil)
    }

    @Test func aTokenEndsWithItsAccountButLivesAMinute() async throws {
        let alice = try await aliceReady()
        _ = try await house.services.accounts.change(alice, .init(expires: .at(house.clock.now() + 300)))
        #expect(try await expiresIn() == 300)
        _ = try await house.services.accounts.change(alice, .init(expires: .at(house.clock.now() + 3)))
        #expect(try await expiresIn() == 60)
    }

    @Test func lifetimesBelowAMinuteAreAMinute() {
        var settings = TokenIssuer.Settings(issuer: "x", lifetime: 5)
        #expect(settings.lifetime == 60)
        settings.lifetime = 1
        #expect(settings.lifetime == 60)
    }

    private func aliceReady() async throws -> AccountName {
        _ = try await ready()
        return try AccountName("alice")
    }

    private func expiresIn() async throws -> Int {
        try await house.answer(.credentials(.init(name: "alice", password: Secret("open sesame")))).token
            .expiresIn
    }

    private func header(alg: String, kid: String? = nil) async throws -> String {
        let id: String
        if let kid { id = kid } else { id = try await house.services.keys.ring().signing.thumbprint }
        return Base64URL.encode(Array(#"{"typ":"JWT","alg":"\#(alg)","kid":"\#(id)"}"#.utf8))
    }
}
