import Access
import Accounts
import Contracts
import Foundation
import ServerKit
import Testing

@testable import IdentityProviders

/// What is asked of a provider, and what follows from its answers.
@Suite(.timeLimit(.minutes(1))) struct OpenIDTests {
    private let scripted = ScriptedProvider()

    private func body(of path: String) async throws -> String {
        try await scripted.last(path).body
    }

    private func person(_ identity: Identity) -> Person {
        Person(
            account: identity.account, provider: "staff", subject: identity.subject,
            labels: identity.labels, grant: identity.grant, confirmedAt: scripted.now(),
            createdAt: scripted.now())
    }

    private func refusal(again person: Person, _ provider: WebProvider) async -> ProviderError? {
        do throws(ProviderError) {
            _ = try await provider.identity(again: person)
            return nil
        } catch {
            return error
        }
    }

    @Test func theContractIsKept() async throws {
        scripted.lie { $0.nonce = "n" }
        try await checkIdentityProviderContract(
            scripted.provider(), code: "the code", address: "https://login.example/authorize?")
    }

    @Test func aBrowserIsSentWithAllThatTiesItsReturn() async throws {
        let address = try await scripted.provider().address(for: ScriptedProvider.attempt)
        // The hash of "v" (RFC 7636, 4.2).
        for part in [
            "https://login.example/authorize?response_type=code&client_id=registry&", "&state=s&", "&nonce=n",
            "redirect_uri=https%3A%2F%2Fregistry.example%2Fsignin%2Fstaff%2Fcallback&",
            "code_challenge=TJRIXgwhrmxBzh3-e2v6zupato5AokdvUCCOUm9QYIA", "&code_challenge_method=S256&",
            "&scope=openid%20profile%20email",
        ] {
            #expect(address.contains(part), "\(part) in \(address)")
        }
        #expect(!address.contains("secret"))
    }

    @Test func theCodeIsChangedByWhomItWasFor() async throws {
        _ = try await scripted.identity(scripted.provider())
        let form = try await body(of: "/token")
        #expect(
            form
                == "grant_type=authorization_code&code=the%20code&redirect_uri=https%3A%2F%2Fregistry.example%2Fsignin"
                + "%2Fstaff%2Fcallback&code_verifier=v")
        let proof = try await scripted.last("/token").authorization
        let pair = "registry:a%20secret%20with%20%3A%20and%20%C3%BC"
        #expect(proof == "Basic \(Data(pair.utf8).base64EncodedString())")

        _ = try await scripted.identity(scripted.provider { $0.clientProof = .post })
        #expect(
            try await body(of: "/token").hasSuffix(
                "&client_id=registry&client_secret=a%20secret%20with%20%3A%20and%20%C3%BC"))
    }

    @Test func onlyTheRightOnesAreLetIn() async throws {
        func isRefused(_ claims: String, _ change: (inout ProviderDescription) -> Void = { _ in }) async
            -> Bool
        {
            scripted.lie { $0.claims = claims }
            guard case .refused = await scripted.refusal(scripted.provider(change)) else { return false }
            return true
        }
        #expect(await isRefused(#""email":"a@b.example""#), "an address that nobody has verified")
        #expect(await isRefused(#""email":"a@b.example","email_verified":false"#))
        let anyEmail = await isRefused(#""email":"a@b.example""#) { $0.emailProof = .none }
        #expect(!anyEmail)
        #expect(await isRefused(""), "somebody without a name")
        for name in ["alice/app", "a b", "*", "a:b", "[x]", "", "é", String(repeating: "x", count: 300)] {
            let isOut = await isRefused(#""preferred_username":"\#(name)""#) {
                $0.accountClaims = ["preferred_username"]
            }
            #expect(isOut, "\(name)")
        }
        func inGroups(_ groups: String) async -> Bool {
            await isRefused(#""email":"a@b.example","email_verified":true,"groups":\#(groups)"#) {
                $0.requirements = [.init(claim: "groups", values: ["dev"], words: "in dev")]
            }
        }
        #expect(await inGroups(#"["ops","Dev"]"#))
        #expect(await inGroups("[]"))
        #expect(await inGroups("7"))
        let devs = await inGroups(#"["ops","dev"]"#)
        #expect(!devs)
    }

    @Test func googleVouchesForItsDomainsAlone() async throws {
        func refusal(_ claims: String) async -> ProviderError? {
            scripted.lie { $0.claims = #""email":"a@corp.example","email_verified":true"# + claims }
            let description = ProviderDescription.google(
                "google", issuer: ScriptedProvider.issuer, clientID: ScriptedProvider.clientID,
                clientSecret: Secret("s"), domains: ["Corp.example"])
            let provider = WebProvider(
                description, send: { request, _ in try self.scripted.respond(request) }, now: scripted.now)
            return await scripted.refusal(provider)
        }
        #expect(await refusal(#","hd":"corp.example""#) == nil)
        #expect(await refusal("") != nil, "an address that ends like one is not enough")
        #expect(await refusal(#","hd":"evil.example""#) != nil)
    }

    @Test func claimsDeepDownAndFromUserinfoAreLabels() async throws {
        scripted.lie {
            $0.claims = #""email":"a@b.example","email_verified":true,"realm_access":{"roles":["x","y","x"]}"#
            $0.userInfoClaims = #""groups":["g1"],"email":"evil@b.example""#
        }
        let identity = try await scripted.identity(
            scripted.provider { $0.labels = ["role": "realm_access.roles", "team": "groups"] })
        #expect(identity.account.text == "a@b.example", "the signed token wins")
        #expect(identity.labels.mapValues { $0.map(\.text) } == ["role": ["x", "y"], "team": ["g1"]])
    }

    @Test func itIsAskedAgainWithWhatItGave() async throws {
        let provider = scripted.provider()
        let person = person(try await scripted.identity(provider))
        scripted.lie { $0.claims = #""email":"dora@example.com","email_verified":true,"groups":["new"]"# }
        let again = try await provider.identity(again: person)
        #expect(again.labels["groups"]?.map(\.text) == ["new"])
        #expect(try await body(of: "/token") == "grant_type=refresh_token&refresh_token=r")

        func refusal(_ change: (inout ScriptedProvider.Lies) -> Void) async -> ProviderError? {
            scripted.lie { $0 = .init() }
            scripted.lie(change)
            return await self.refusal(again: person, scripted.provider())
        }
        guard
            case .needsBrowser? = await refusal({
                $0.tokenStatus = 400; $0.tokenError = "invalid_grant"
            })
        else { throw ProviderError.untrue("a grant that has ended") }
        guard case .unavailable? = await refusal({ $0.tokenStatus = 503 }) else {
            throw ProviderError.untrue("an outage is no reason")
        }
        guard
            case .unavailable? = await refusal({
                $0.tokenStatus = 401; $0.tokenError = "invalid_client"
            })
        else { throw ProviderError.untrue("a wrong secret is the operator's") }
        guard
            case .untrue? = await refusal({
                $0.subject = "2"; $0.userInfoSubject = "2"
            })
        else {
            throw ProviderError.untrue("somebody else")
        }
        guard case .needsBrowser? = await refusal({ $0.userInfoStatus = 401 }) else {
            throw ProviderError.untrue("a token that is no longer taken")
        }
        scripted.lie { $0 = .init() }
        let others = scripted.provider { $0.timeLimit = .seconds(1) }
        #expect(await self.refusal(again: person, others) == nil, "the same secret opens what it has sealed")
    }

    @Test func addressesThatSecretsMayGoTo() {
        for address in ["https://a.example", "http://127.0.0.1:80/x", "http://localhost", "http://[::1]:9/"] {
            #expect(SafeAddress.isSafe(address), "\(address)")
        }
        for address in [
            "http://a.example", "http://127.0.0.1.evil.example", "http://127.0.0.1@evil.example/", "ftp://x",
            "https://", "https://a@b.example", "https://a b", "javascript:1", "http://localhost.evil.example",
        ] {
            #expect(!SafeAddress.isSafe(address), "\(address)")
        }
    }
}
