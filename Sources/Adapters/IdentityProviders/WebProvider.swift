package import Accounts
import Crypto
package import FoundationEssentials
import NIOCore
import NIOHTTP1
package import ServerKit

/// A provider as its description has it: OpenID Connect with an authorization code and PKCE (RFC 7636), or OAuth 2 and
/// questions.
package final class WebProvider: IdentityProvider {
    private let description: ProviderDescription
    private let talk: ProviderTalk
    private let facts: ProviderFacts?
    private let seal: GrantSeal
    private let now: @Sendable () -> Date

    package init(
        _ description: ProviderDescription, send: @escaping ProviderSend,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.description = description
        self.now = now
        let milliseconds =
            description.timeLimit.components.seconds * 1000
            + description.timeLimit.components.attoseconds / 1_000_000_000_000_000
        let talk = ProviderTalk(
            provider: description.name, time: .milliseconds(milliseconds), send: send)
        self.talk = talk
        seal = GrantSeal(
            provider: description.name, clientID: description.clientID, secret: description.clientSecret)
        if case .openID(let issuer) = description.proof {
            facts = ProviderFacts(issuer: issuer, talk: talk, now: now)
        } else {
            facts = nil
        }
    }

    package var name: String { description.name }
    package var title: String { description.title }

    package func address(for attempt: BrowserAttempt) async throws(ProviderError) -> String {
        let challenge = Base64Text.encode(SHA256.hash(data: Array(attempt.verifier.revealed.utf8)))
        var fields = [("response_type", "code"), ("client_id", description.clientID)]
        if let redirect = attempt.redirect { fields.append(("redirect_uri", redirect)) }
        fields += [
            ("state", attempt.state), ("code_challenge", challenge), ("code_challenge_method", "S256"),
        ]
        if !description.scopes.isEmpty {
            fields.append(("scope", description.scopes.joined(separator: " ")))
        }
        if facts != nil { fields.append(("nonce", attempt.nonce)) }
        return FormText.adding(fields + description.extras, to: try await doors().authorization)
    }

    package func identity(
        code: Secret, issuer: String?, of attempt: BrowserAttempt
    ) async throws(ProviderError) -> Identity {
        let doors = try await doors()
        if case .openID(let own) = description.proof, issuer ?? (doors.namesIssuer ? nil : own) != own {
            throw .untrue("the browser comes back from another issuer")
        }
        let tokens = try await tokenDoor.exchange(code: code, attempt, at: doors)
        let grant = Grant(
            access: tokens.access.revealed, refresh: tokens.refresh?.revealed, ends: ends(tokens))
        let claims: Claims
        switch description.proof {
        case .openID:
            guard let text = tokens.idToken else { throw .untrue("its token endpoint gives no ID token") }
            let signed = try await verified(text, nonce: attempt.nonce, access: tokens.access)
            claims = try await adding(to: signed, tokens.access, doors)
        case .gitHub, .gitLab: claims = try await answers(tokens.access)
        }
        return try identity(claims, grant, before: nil, isWhole: true)
    }

    package func identity(again person: Person) async throws(ProviderError) -> Identity {
        guard var grant = seal.open(person.grant, of: person.subject) else {
            throw .needsBrowser("the secret of the client is another by now.")
        }
        let doors = try await doors()
        var signed: Claims?
        if let refresh = grant.refresh {
            let tokens = try await tokenDoor.refresh(refresh, at: doors)
            grant = Grant(
                access: tokens.access.revealed, refresh: tokens.refresh?.revealed ?? refresh,
                ends: ends(tokens))
            if facts != nil, let text = tokens.idToken {
                signed = try await verified(text, nonce: nil, access: tokens.access)
                guard signed?.text("sub") == person.subject else {
                    throw .untrue("a refreshed ID token is somebody else's")
                }
            }
        }
        let access = Secret(grant.access)
        let claims: Claims
        switch description.proof {
        case .gitHub, .gitLab: claims = try await answers(access)
        case .openID:
            guard signed != nil || doors.userInfo != nil || grant.refresh != nil else {
                throw .needsBrowser("\(title) gives nothing to ask it again with.")
            }
            claims = try await adding(
                to: signed ?? Claims(["sub": .text(person.subject)]), access, doors)
        }
        let isWhole = signed != nil || facts == nil
        return try identity(claims, grant, before: person, isWhole: isWhole)
    }

    package func trouble() async -> String? {
        do throws(ProviderError) {
            switch description.proof {
            case .openID: _ = try await facts?.doors(isFresh: true)
            case .gitHub(_, let api, _): return try await trouble(api, "/meta")
            case .gitLab(_, let api): return try await trouble(api, "/version")
            }
            return nil
        } catch {
            switch error {
            case .unavailable(let reason), .untrue(let reason), .refused(let reason),
                .needsBrowser(let reason):
                return reason
            }
        }
    }

    private func trouble(_ api: String, _ path: String) async throws(ProviderError) -> String? {
        // Whoever refuses is there.
        let answer = try await talk.get(api + path, label: "its \(path)")
        return answer.status >= 500 ? "its \(path) answers \(answer.status)" : nil
    }

    private var tokenDoor: TokenDoor { TokenDoor(description: description, talk: talk) }

    private func doors() async throws(ProviderError) -> ProviderDoors {
        switch description.proof {
        case .gitHub(let web, _, _): return ProviderDoors(gitHub: web)
        case .gitLab(let web, _): return ProviderDoors(gitLab: web)
        case .openID:
            guard let facts else { throw .unavailable("it has no issuer") }
            return try await facts.doors()
        }
    }

    private func ends(_ tokens: TokenDoor.Answer) -> Int? {
        tokens.seconds.map { Int(now().timeIntervalSince1970) + $0 }
    }

    private func verified(
        _ text: String, nonce: String?, access: Secret
    ) async throws(ProviderError) -> Claims {
        guard let facts, case .openID(let issuer) = description.proof else { return Claims() }
        let token: IDToken
        do throws(IDToken.Problem) {
            token = try IDToken(text)
        } catch {
            throw .untrue(error.text)
        }
        guard token.isSigned(by: try await facts.keys(for: token)) else {
            throw .untrue("the ID token is signed by no key that the provider has now")
        }
        do throws(IDToken.Problem) {
            try token.check(
                IDToken.Expectation(
                    issuers: [issuer], clientID: description.clientID, nonce: nonce,
                    accessToken: access.revealed, now: now()))
        } catch {
            throw .untrue(error.text)
        }
        return token.claims
    }

    /// What the provider says of somebody beside the token, which wins (OpenID Connect Core, 5.3).
    private func adding(
        to signed: Claims, _ access: Secret, _ doors: ProviderDoors
    ) async throws(ProviderError) -> Claims {
        guard let userInfo = doors.userInfo else { return signed }
        let answer = try await talk.get(
            userInfo, headers: ["Authorization": "Bearer \(access.revealed)"], label: "its userinfo endpoint")
        switch answer.status {
        case 200:
            guard let more = answer.claims else {
                throw .unavailable("its userinfo endpoint sends no JSON")
            }
            guard more.text("sub") == signed.text("sub") else {
                throw .untrue("its userinfo endpoint speaks of somebody else")
            }
            return signed.adding(more)
        case 401, 403: throw .needsBrowser("\(title) no longer says anything about you.")
        default: throw .unavailable("its userinfo endpoint answers \(answer.status)")
        }
    }

    /// What a provider without signed tokens answers when it is asked.
    private func answers(_ access: Secret) async throws(ProviderError) -> Claims {
        switch description.proof {
        case .gitHub(_, let api, let organization):
            try await GitHubQuestions(api: api, organization: organization, title: title, talk: talk)
                .claims(access)
        case .gitLab(_, let api):
            try await GitLabQuestions(api: api, title: title, talk: talk).claims(access)
        case .openID: Claims()
        }
    }

    private func identity(
        _ claims: Claims, _ grant: Grant, before person: Person?, isWhole: Bool
    ) throws(ProviderError) -> Identity {
        guard let subject = claims.text("sub") else { throw .untrue("it names nobody") }
        if let person, person.subject != subject { throw .untrue("it speaks of somebody else") }
        try description.check(claims, before: person, isWhole: isWhole)
        return Identity(
            subject: subject,
            account: try description.account(in: claims, before: person, isWhole: isWhole),
            labels: description.labels(in: claims, before: person, isWhole: isWhole),
            grant: try seal.seal(grant, of: subject))
    }
}
