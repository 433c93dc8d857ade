import Access
import Accounts
import Crypto
import CryptoExtras
import Foundation
import ServerKit
import Testing

@testable import IdentityProviders

/// A provider that lies signs nobody in.
@Suite(.timeLimit(.minutes(1))) struct LyingProviderTests {
    private let scripted = ScriptedProvider()

    private func isUntrue(_ change: (inout ScriptedProvider.Lies) -> Void) async -> Bool {
        scripted.lie { $0 = .init() }
        scripted.lie(change)
        guard case .untrue = await scripted.refusal(scripted.provider()) else { return false }
        return true
    }

    @Test func theTruthIsBelieved() async throws {
        let identity = try await scripted.identity(scripted.provider())
        #expect(identity.account.text == "dora@example.com" && identity.subject == "1")
        #expect(identity.labels["groups"]?.map(\.text) == ["dev", "ops"])
        #expect(identity.labels["groups"]?.allSatisfy(\.isLiteral) == true)
        let grant = String(decoding: identity.grant, as: UTF8.self)
        #expect(!grant.contains("access") && !grant.contains(#""a""#), "what is kept is sealed")
    }

    @Test func claimsForOthersAreNot() async {
        #expect(await isUntrue { $0.issuer = "https://evil.example" })
        #expect(await isUntrue { $0.issuer += "/" })
        #expect(await isUntrue { $0.audience = #""somebody""# })
        #expect(await isUntrue { $0.audience = "[]" })
        #expect(
            await isUntrue { $0.audience = #"["registry","somebody"]"# }, "for many, and not said by whom")
        #expect(await isUntrue { $0.party = "somebody" })
        #expect(await isUntrue { $0.nonce = "another" })
        #expect(await isUntrue { $0.subject = "" })
        #expect(await isUntrue { $0.userInfoSubject = "2" })
        #expect(await isUntrue { $0.accessHash = Base64Text.encode([UInt8](repeating: 0, count: 16)) })
        #expect(
            await isUntrue {
                $0.age = 700; $0.life = 300
            }, "expired")
        #expect(
            await isUntrue {
                $0.age = 700; $0.life = 7000
            }, "an old one, played again")
        #expect(await isUntrue { $0.age = -120 }, "from the future")
        let isMany = await isUntrue {
            $0.audience = #"["registry","somebody"]"#
            $0.party = "registry"
        }
        #expect(!isMany, "for many, said by us")
    }

    @Test func anotherIssuerBringsNobodyBack() async {
        let provider = scripted.provider()
        #expect(await scripted.refusal(provider, issuer: ScriptedProvider.issuer) == nil)
        #expect(await scripted.refusal(provider, issuer: "https://evil.example") != nil)
        scripted.lie { $0.namesIssuer = true }
        #expect(await scripted.refusal(scripted.provider()) != nil, "one that always says it has to")
    }

    @Test func signaturesOfOthersAreNot() async throws {
        let stranger = P256.Signing.PrivateKey()
        #expect(await isUntrue { $0.sign = { [scripted] in scripted.sign($0, by: stranger) } })
        #expect(await isUntrue { $0.sign = { [scripted] in scripted.sign($0, id: "k2") } }, "an unknown key")
        #expect(await isUntrue { $0.sign = { ScriptedProvider.text(#"{"alg":"none"}"#, $0) + "." } })
        #expect(
            await isUntrue { $0.sign = { ScriptedProvider.text(#"{"alg":"none","kid":"k1"}"#, $0) + ".AA" } })
        #expect(await isUntrue { $0.sign = { ScriptedProvider.text(#"{"kid":"k1"}"#, $0) + ".AA" } })
        #expect(await isUntrue { $0.sign = { _ in "a.b" } })
        #expect(await isUntrue { $0.sign = { _ in "" } })
        // The public key as the secret of an HMAC, the secret of the client as one, and an extension that is unknown.
        let point = scripted.key.publicKey.derRepresentation
        for secret in [Array(point), Array(ScriptedProvider.secret.utf8)] {
            #expect(
                await isUntrue {
                    $0.sign = { payload in
                        let text = ScriptedProvider.text(#"{"alg":"HS256","kid":"k1"}"#, payload)
                        let code = HMAC<SHA256>.authenticationCode(
                            for: Array(text.utf8), using: SymmetricKey(data: secret))
                        return text + "." + Base64Text.encode(code)
                    }
                })
        }
        let key = scripted.key
        let isExtended = await isUntrue {
            $0.sign = { payload in
                let text = ScriptedProvider.text(#"{"alg":"ES256","kid":"k1","crit":["exp"]}"#, payload)
                let signature = try? key.signature(for: Array(text.utf8)).rawRepresentation
                return text + "." + Base64Text.encode(signature ?? Data())
            }
        }
        #expect(isExtended)
        // A key of RSA for an algorithm of curves, and the other way round.
        #expect(
            await isUntrue { $0.sign = { ScriptedProvider.text(#"{"alg":"RS256","kid":"k1"}"#, $0) + ".AA" } }
        )
    }

    @Test func weakAndForeignKeysAreNone() throws {
        let weak = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024)).publicKey
        let parts = try weak.getKeyPrimitives()
        let key =
            #"{"kty":"RSA","n":"\#(Base64Text.encode(parts.modulus))","e":"\#(Base64Text.encode(parts.publicExponent))"}"#
        for text in [
            key, #"{"kty":"oct","k":"AAAA"}"#, #"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, "{}", "7",
            scripted.jwk().replacingOccurrences(of: #""use":"sig""#, with: #""use":"enc""#),
        ] {
            let set = try #require(KeySet(json: Array(#"{"keys":[\#(text)]}"#.utf8)))
            #expect(set.keys.isEmpty, "\(text)")
        }
        #expect(KeySet(json: Array("[]".utf8)) == nil)
        let named = scripted.jwk().replacingOccurrences(of: #""use":"sig""#, with: #""alg":"ES512""#)
        let set = try #require(KeySet(json: Array(#"{"keys":[\#(named)]}"#.utf8)))
        #expect(
            set.candidates(id: "k1", .es256).isEmpty, "a key that says what it is for is for nothing else")
    }

    @Test(arguments: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
    func everyAlgorithmOfRSAIsRead(_ algorithm: String) async throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let parts = try key.publicKey.getKeyPrimitives()
        let jwk =
            #"{"kty":"RSA","kid":"r","n":"\#(Base64Text.encode(parts.modulus))","e":"\#(Base64Text.encode(parts.publicExponent))"}"#
        scripted.lie { lies in
            lies.keySet = #"{"keys":[\#(jwk)]}"#
            lies.sign = { payload in
                let text = ScriptedProvider.text(#"{"alg":"\#(algorithm)","kid":"r"}"#, payload)
                let bytes = Array(text.utf8)
                let padding: _RSA.Signing.Padding = algorithm.hasPrefix("R") ? .insecurePKCS1v1_5 : .PSS
                let signature =
                    switch algorithm.suffix(3) {
                    case "256": try? key.signature(for: SHA256.hash(data: bytes), padding: padding)
                    case "384": try? key.signature(for: SHA384.hash(data: bytes), padding: padding)
                    default: try? key.signature(for: SHA512.hash(data: bytes), padding: padding)
                    }
                return text + "." + Base64Text.encode(signature?.rawRepresentation ?? Data())
            }
        }
        #expect(await scripted.refusal(scripted.provider()) == nil)
    }

    @Test func newKeysAreFetchedAndOldOnesForgotten() async throws {
        let provider = scripted.provider()
        #expect(await scripted.refusal(provider) == nil)
        #expect(await scripted.refusal(provider) == nil)
        #expect(scripted.count("/keys") == 1, "kept")
        let next = P256.Signing.PrivateKey()
        let keys = #"{"keys":[\#(scripted.jwk("k2", of: next.publicKey))]}"#
        scripted.lie { lies in
            lies.keySet = keys
            lies.sign = { [scripted] in scripted.sign($0, id: "k2", by: next) }
        }
        scripted.advance(11)
        #expect(await scripted.refusal(provider) == nil, "an unknown key has them fetched anew")
        #expect(scripted.count("/keys") == 2)
        scripted.lie { $0.sign = { [scripted] in scripted.sign($0, id: "k3", by: next) } }
        for _ in 1...5 { #expect(await scripted.refusal(provider) != nil) }
        #expect(scripted.count("/keys") == 2, "but not for every one that is invented")
        scripted.lie { $0.sign = { [scripted] in scripted.sign($0, id: "k1") } }
        scripted.advance(11)
        #expect(await scripted.refusal(provider) != nil, "a key that was taken out signs nothing any more")
    }

    @Test func whatItPublishesIsLookedThrough() async {
        #expect(await isUntrue { $0.metadataIssuer = "https://evil.example" })
        #expect(await isUntrue { $0.authorization = "http://login.example/authorize" })
        #expect(await isUntrue { $0.authorization = "javascript:alert(1)" })
        scripted.lie { $0 = .init() }
        scripted.lie { $0.bigAnswer = true }
        guard case .unavailable(let reason) = await scripted.refusal(scripted.provider()) else {
            Issue.record("a large answer was taken")
            return
        }
        #expect(reason.contains("more than"))
    }
}
