import Contracts
import Crypto
import FoundationEssentials
import JWTKit
import ServerKit
import SwiftASN1
import Testing
import X509

@testable import Accounts

@Suite struct SigningKeyTests {
    private let moment = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func theIdentifiersOfAnECKeyAreThoseThatOthersCompute() throws {
        // Made with openssl; the identifiers computed from its DER by another program.
        let pem = """
            -----BEGIN PRIVATE KEY-----
            MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPyWmEfNTMZo9yHxi
            97K0GRlwzrdDMRRwu1vrzHAsAuyhRANCAAQsq6hJH4yoml2re3alb6AG+8P894G9
            KS2p9cC5MkpPipJZDA2gC1iSeFjb07NYSnniQY47MECZe4hdbgY3hPhe
            -----END PRIVATE KEY-----
            """
        let identity = try PublicKeyIdentity(of: .p256(.init(pemRepresentation: pem)))
        #expect(identity.thumbprint == "AVJDGv1foxuvxqEGtV4nF8urNJM5rRFb9rMNexrtsZ4")
        #expect(identity.libtrustID == "3AGD:VIFC:OIKU:WK6G:ICZ3:3GVE:MKWG:244S:6KAF:52YZ:T2EV:HA36")
    }

    @Test func theThumbprintOfAnEd25519KeyIsThatOfTheStandard() throws {
        // RFC 8037, appendix A.
        let raw = try #require(Base64URL.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
        let identity = try PublicKeyIdentity(of: .ed25519(.init(rawRepresentation: raw)))
        #expect(identity.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(
            identity.members
                == #"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)
    }

    @Test func keysAreDrawnUntilBothWaysToComputeTheThumbprintAgree() throws {
        // Without the drawing one key in 128 would fail this: 500 in a row pass with a chance of 2 %.
        for _ in 0..<500 {
            guard case .p256(let key) = try StoredKeyForm.draw(.p256) else {
                Issue.record("another kind of key")
                return
            }
            let point = Array(key.publicKey.rawRepresentation)
            #expect(point[0] != 0 && point[32] != 0)
        }
    }

    @Test(arguments: SigningAlgorithm.allCases)
    func everyKindOfKeyIsStoredReadAndSignsWhatOthersVerify(algorithm: SigningAlgorithm) async throws {
        let stored = try StoredKeyForm.make(algorithm, issuer: "homeport", at: moment)
        let key = try StoredKeyForm.read(stored)
        #expect(key.algorithm == algorithm)
        #expect(key.thumbprint == stored.id)
        #expect(stored.privateKey.hasPrefix("-----BEGIN PRIVATE KEY-----"))

        let certificate = try Certificate(pemEncoded: stored.certificate)
        #expect(certificate.publicKey.isValidSignature(certificate.signature, for: certificate))
        #expect(certificate.notValidBefore < moment)
        #expect(certificate.notValidAfter > moment + 40 * 365 * 86_400, "it outlives its use by far")

        for form in KeyForm.all {
            let token = try TokenIssuer.compact(.sample, signedBy: key, form: form)
            let verifier = JWTKeyCollection()
            try await verifier.add(jwksJSON: #"{"keys":[\#(key.publicKeys.joined(separator: ","))]}"#)
            let read = try await verifier.verify(token, as: ForeignClaims.self)
            #expect(read.sub.value == "alice")
        }
    }

    @Test func theCertificateInTheHeaderIsTheOneThatRegistriesAreGiven() throws {
        let stored = try StoredKeyForm.make(.p256, issuer: "homeport", at: moment)
        let key = try StoredKeyForm.read(stored)
        let header = try #require(
            Base64URL.decode(Substring(decoding: key.header(.universal, at: moment), as: UTF8.self)))
        let certificate = try Certificate(pemEncoded: stored.certificate).serializeAsPEM().derBytes
        #expect(
            String(decoding: header, as: UTF8.self)
                == #"{"typ":"JWT","alg":"ES256","kid":"\#(stored.id)","x5c":["\#(Data(certificate).base64EncodedString())"]}"#
        )
        let short = try #require(
            Base64URL.decode(
                Substring(
                    decoding: key.header(.init(.libtrust, includesCertificate: false), at: moment),
                    as: UTF8.self)))
        #expect(
            String(decoding: short, as: UTF8.self)
                == #"{"typ":"JWT","alg":"ES256","kid":"\#(key.libtrustID)"}"#)
    }

    @Test func aDamagedKeyIsNamedWithoutBeingQuoted() throws {
        let good = try StoredKeyForm.make(.p256, issuer: "homeport", at: moment)
        let other = try StoredKeyForm.make(.p256, issuer: "homeport", at: moment)
        for bad in [
            StoredKey(id: good.id, privateKey: "secret", certificate: good.certificate, createdAt: moment),
            StoredKey(id: good.id, privateKey: good.privateKey, certificate: "none", createdAt: moment),
            StoredKey(
                id: other.id, privateKey: good.privateKey, certificate: good.certificate, createdAt: moment),
        ] {
            do throws(StoreError) {
                _ = try StoredKeyForm.read(bad)
                Issue.record("a damaged key was read")
            } catch {
                #expect(error.kind == .damaged)
                #expect(error.description.contains(bad.id) && !error.description.contains("secret"))
            }
        }
    }
}

@Suite struct KeyRotationTests {
    @Test func theFirstStartMakesOneKeyAndTheNextKeepsIt() async throws {
        let house = House()
        try await house.services.keys.prepare()
        try await house.services.keys.prepare(.rsa2048)
        let keys = try await house.services.keys.list()
        #expect(keys.map(\.algorithm) == [.p256])
        #expect(keys.first?.acceptedUntil == nil)
    }

    @Test func processesThatStartAtOnceEndWithOneKey() async throws {
        let house = House()
        try await withThrowingTaskGroup { group in
            for _ in 0..<8 { group.addTask { try await house.services.keys.prepare() } }
            try await group.waitForAll()
        }
        #expect(try await house.services.keys.list().count == 1)
    }

    @Test func afterARotationTheNewKeySignsAndTheOldIsBelievedUntilItsLastTokenEnds() async throws {
        let house = House()
        try await house.services.keys.prepare()
        try await house.add("alice")
        let old = try await house.token("alice")
        let before = try await house.services.keys.list()[0]
        house.clock.advance(600)
        let new = try await house.services.keys.rotate()
        #expect(try await house.services.keys.list().map(\.id) == [new.id, before.id])
        #expect(await house.refusal(ofBearer: old) == nil)
        #expect(try await house.services.keys.publicKeySet().contains(before.id))
        #expect(try await house.services.keys.certificateBundle().contains(before.certificate))
        let signed = try await house.token("alice")
        #expect(try #require(Self.header(signed)).contains(new.id))

        house.clock.advance(921)
        #expect(try await !house.services.keys.publicKeySet().contains(before.id))
        #expect(try await !house.services.keys.certificateBundle().contains(before.certificate))
        #expect(await house.refusal(ofBearer: old) != nil)
        _ = try await house.services.keys.rotate(to: .ed25519)
        #expect(try await house.services.keys.list().map(\.algorithm) == [.ed25519, .p256])
    }

    @Test func anotherProcessOnTheSameStoreTakesTheNewKeyAtOnce() async throws {
        let house = House()
        try await house.services.keys.prepare()
        try await house.add("alice")
        _ = try await house.token("alice")
        let elsewhere = SigningKeys(
            stores: AccountStores(house.store), issuer: "homeport", overlap: 920,
            threads: BlockingThreads(count: 1, queueMax: 4), now: house.clock.now)
        let new = try await elsewhere.rotate()
        #expect(try #require(Self.header(try await house.token("alice"))).contains(new.id))
    }

    @Test func aLeakedKeyIsTakenBackAtOnceButNotTheOneThatSigns() async throws {
        let house = House()
        try await house.services.keys.prepare()
        try await house.add("alice")
        let token = try await house.token("alice")
        let leaked = try await house.services.keys.list()[0].id
        await #expect(throws: AccountError.self) { try await house.services.keys.remove(leaked) }
        _ = try await house.services.keys.rotate()
        try await house.services.keys.remove(leaked)
        #expect(await house.refusal(ofBearer: token) != nil)
        await #expect(throws: AccountError.self) { try await house.services.keys.remove(leaked) }
    }

    @Test func eachKeyIsPublishedUnderBothIdentifiers() async throws {
        let house = House()
        try await house.services.keys.prepare()
        let key = try await house.services.keys.list()[0]
        let set = try JSONDecoder().decode(
            KeySet.self, from: Data(try await house.services.keys.publicKeySet().utf8))
        #expect(set.keys.map(\.kid) == [key.id, key.libtrustID])
        #expect(Set(set.keys.map(\.x)).count == 1)
        #expect(set.keys.allSatisfy { $0.alg == "ES256" && $0.use == "sig" && $0.kty == "EC" && $0.d == nil })
    }

    private struct KeySet: Decodable {
        struct Key: Decodable {
            let kid, alg, use, kty, x: String
            let d: String?
        }

        let keys: [Key]
    }

    private static func header(_ token: String) -> String? {
        token.split(separator: ".").first.flatMap { Base64URL.decode($0) }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// A token as somebody else's library reads it.
struct ForeignClaims: JWTPayload {
    var iss: IssuerClaim
    var sub: SubjectClaim
    var exp: ExpirationClaim
    var aud: AudienceClaim

    func verify(using algorithm: some JWTAlgorithm) async throws {}
}

extension TokenClaims {
    static let sample = TokenClaims(
        issuer: House.issuer, subject: "alice", audience: House.service, expires: 1_800_000_900,
        notBefore: 1_799_999_990, issuedAt: 1_800_000_000, id: "1", access: [], credential: nil)
}
