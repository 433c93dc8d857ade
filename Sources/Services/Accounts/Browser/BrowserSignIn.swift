import Access
package import FoundationEssentials
import Logging
package import ServerKit
import Synchronization

/// Signs people in by their browser, through providers that vouch for them, and lets them make tokens for their
/// machines.
///
/// A browser that comes back is believed when it has what it was sent away with; a person, when the provider has
/// said so, and then for as long as it does. Names of own accounts are nobody else's, and a name belongs to whom
/// it first was given.
package final class BrowserSignIn: Sendable {
    /// A provider and how far it is believed.
    package struct Voucher: Sendable {
        package let provider: any IdentityProvider
        /// After how many seconds it is asked again about somebody.
        package var recheck: TimeInterval = 900
        /// For how many seconds more its last word counts when it cannot be asked.
        package var grace: TimeInterval = 6 * 3600
        /// The longest life of a token, in seconds.
        package var tokenLifeMax: TimeInterval = 365 * 86_400
        /// Where it sends browsers back to; nil for `/signin/NAME/callback`.
        package var comesBack: Return?

        package init(_ provider: any IdentityProvider) { self.provider = provider }
    }

    /// Where a provider sends browsers back to.
    package enum Return: Sendable, Hashable {
        /// At the server's own address, `/oidc_auth`.
        case path(String)
        /// A whole address, as it was told to the provider.
        case fixed(String)
        /// The provider knows, and is told nothing.
        case unsaid
    }

    package struct Settings: Sendable {
        package var vouchers: [Voucher]
        /// Where people are kept.
        package var store: any PersonStore
        /// The server's own address, `https://registry.example.com`; nil where it follows from each request.
        package var publicURL: String?

        package init(vouchers: [Voucher], store: any PersonStore, publicURL: String?) {
            self.vouchers = vouchers
            self.store = store
            self.publicURL = publicURL
        }
    }

    /// A browser that is to be sent away.
    package struct Departure: Sendable {
        package let address: String
        /// For the browser to keep until it is back.
        package let ticket: Secret
    }

    /// Somebody who is signed in at the page.
    package struct Visit: Sendable {
        package let person: Person
        package let provider: String
        package let formMark: String
        package let tokenLifeMax: TimeInterval
    }

    /// Most tokens that a person has at once.
    package static let tokensMax = 50
    /// How many talks with providers for browsers may be under way.
    private static let talksMax = 32

    let vouchers: [Voucher]
    let people: People
    let tokens: AccessTokens
    let standing: Standing
    let log: SignInLog
    let now: WallClock
    private let publicURL: String?
    private let ticket: SealedTicket
    private let sessions: BrowserSessions
    private let talks = Mutex(0)
    let troubles = Mutex<[String: String]>([:])

    /// - Parameter predecessor: whose browsers are on their way, or signed in.
    init(
        _ settings: Settings, people: People, tokens: AccessTokens, standing: Standing, log: SignInLog,
        succeeding predecessor: BrowserSignIn? = nil, now: @escaping WallClock
    ) {
        self.ticket = predecessor?.ticket ?? SealedTicket()
        self.sessions = predecessor?.sessions ?? BrowserSessions()
        self.vouchers = settings.vouchers
        self.publicURL = settings.publicURL
        self.people = people
        self.tokens = tokens
        self.standing = standing
        self.log = log
        self.now = now
        for voucher in vouchers { BrowserMetrics.begin(voucher.provider.name) }
    }

    /// The providers, in the order in which they are offered: names and titles.
    package var choices: [(name: String, title: String)] {
        vouchers.map { ($0.provider.name, $0.provider.title) }
    }

    /// Where browsers come back to from a provider. It has an address for each, so that no provider's answer is
    /// taken for another's.
    private func redirect(for voucher: Voucher, at base: String?) -> String? {
        switch voucher.comesBack ?? .path("/signin/\(voucher.provider.name)/callback") {
        case .path(let path): (publicURL ?? base).map { $0 + path }
        case .fixed(let address): address
        case .unsaid: nil
        }
    }

    /// Sends a browser to a provider; nil for one that there is not.
    ///
    /// - Parameter base: the server's address as the browser knows it, where the settings have none.
    package func begin(
        _ name: String, at base: String? = nil
    ) async throws(BrowserSignInError) -> Departure? {
        guard let voucher = voucher(name) else { return nil }
        let attempt = BrowserAttempt(
            state: Base64URL.encode(Random.bytes(32)), nonce: Base64URL.encode(Random.bytes(32)),
            verifier: Secret(Base64URL.encode(Random.bytes(32))), redirect: redirect(for: voucher, at: base))
        let address = try await talking(name, from: nil) { () async throws(ProviderError) in
            try await voucher.provider.address(for: attempt)
        }
        return Departure(address: address, ticket: ticket.seal(attempt, provider: name, at: now()))
    }

    /// Takes a browser back: the secret of its session.
    ///
    /// - Parameters:
    ///   - code: what the provider gave it, or why it gave nothing.
    ///   - ticket: what the browser was sent away with.
    package func finish(
        _ name: String, state: String?, code: Result<Secret, BrowserSignInError>, issuer: String?,
        ticket: Secret?, from address: String?
    ) async throws(BrowserSignInError) -> Secret {
        guard let voucher = voucher(name) else { throw .strange }
        guard let state, let ticket,
            let attempt = self.ticket.open(ticket, provider: name, state: state, at: now())
        else {
            refuse(name, "", address, "the browser was not sent away from here, or too long ago")
            throw .strange
        }
        let secret: Secret
        do throws(BrowserSignInError) {
            secret = try code.get()
        } catch {
            refuse(name, "", address, error.description)
            throw error
        }
        let identity = try await talking(name, from: address) { () async throws(ProviderError) in
            try await voucher.provider.identity(code: secret, issuer: issuer, of: attempt)
        }
        let person = try await admit(identity, voucher, from: address)
        log.succeeded(person.account, byBrowserWith: name)
        BrowserMetrics.count(name, .signedIn)
        return sessions.begin(person, at: now())
    }

    /// Who is signed in with this secret; nil when nobody is, or no longer.
    package func visit(_ secret: Secret?) async throws(StoreError) -> Visit? {
        guard let secret, let session = sessions.session(secret, at: now()),
            let person = try await people.person(session.account), person.binding == session.binding,
            let voucher = voucher(person.provider), try await isStanding(person)
        else { return nil }
        return Visit(
            person: person, provider: voucher.provider.title, formMark: session.formMark,
            tokenLifeMax: voucher.tokenLifeMax)
    }

    package func leave(_ secret: Secret?) {
        if let secret { sessions.end(secret) }
    }

    /// Whether a form was sent from a page of this visit.
    package func isOwnForm(_ mark: String?, of visit: Visit) -> Bool {
        ConstantTime.areEqual(Array((mark ?? "").utf8), Array(visit.formMark.utf8))
    }

    func voucher(_ name: String) -> Voucher? { vouchers.first { $0.provider.name == name } }

    /// Whether somebody may do anything: the provider's word is good, and no own account has the name.
    private func isStanding(_ person: Person) async throws(StoreError) -> Bool {
        guard try await standing.record(of: person.account) == nil,
            let record = try await people.record(of: person.account)
        else { return false }
        return record.isStanding(at: now())
    }

    private func admit(
        _ identity: Identity, _ voucher: Voucher, from address: String?
    ) async throws(BrowserSignInError) -> Person {
        let name = voucher.provider.name
        do throws(StoreError) {
            guard try await standing.record(of: identity.account) == nil else {
                throw StoreError(.conflict, "there is an account of that name here")
            }
            let before = try await people.person(identity.account)
            let person = Person(
                account: identity.account, provider: name, subject: identity.subject,
                labels: identity.labels, grant: identity.grant, confirmedAt: now(),
                createdAt: before?.createdAt ?? now())
            try await people.admit(person)
            // Whoever is called something else by now is no longer who they were.
            for other in people.namesakes(of: person) { try await forget(other) }
            return person
        } catch {
            guard error.kind == .conflict else {
                log.cannotAsk(error)
                BrowserMetrics.count(name, .unavailable)
                throw .unavailable
            }
            refuse(name, identity.account.text, address, error.description)
            throw .refused("The name \(identity.account) is somebody else's here. Ask who runs this server.")
        }
    }

    /// Removes a person with all tokens. One whose name an own account has by now leaves that one's tokens alone.
    func forget(_ person: Person) async throws(StoreError) {
        guard try await people.remove(person) else { return }
        guard try await standing.record(of: person.account) == nil else { return }
        do throws(AccountError) {
            for token in try await tokens.list(of: person.account) { try await tokens.revoke(token.id) }
        } catch {
            throw StoreError(.failed, "revoking the tokens of \(person.account)", cause: error)
        }
    }

    /// Talks with a provider for a browser, with not too many at once.
    private func talking<Value: Sendable>(
        _ name: String, from address: String?, _ body: () async throws(ProviderError) -> Value
    ) async throws(BrowserSignInError) -> Value {
        let isAdmitted = talks.withLock { count in
            guard count < Self.talksMax else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw .unavailable }
        defer { talks.withLock { $0 -= 1 } }
        do throws(ProviderError) {
            let value = try await body()
            noteTrouble(name, nil)
            return value
        } catch {
            switch error {
            case .unavailable(let reason):
                noteTrouble(name, reason)
                BrowserMetrics.count(name, .unavailable)
                throw .unavailable
            case .untrue(let reason):
                refuse(name, "", address, reason)
                throw .untrue
            case .refused(let reason), .needsBrowser(let reason):
                refuse(name, "", address, reason)
                throw .refused(reason)
            }
        }
    }

    private func refuse(_ name: String, _ account: String, _ address: String?, _ reason: String) {
        BrowserMetrics.count(name, .refused)
        log.failed(byBrowserWith: name, account: account, address: address, reason: reason)
    }
}

/// Why nobody is signed in, for the person in front of the browser.
package enum BrowserSignInError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It was not sent away from here, or too long ago.
    case strange
    /// The provider gave no code; its own word for why, letters alone.
    case declined(String)
    /// What the provider says does not hold.
    case untrue
    /// The person may not come in; the sentence says why.
    case refused(String)
    /// The provider or the store cannot be asked.
    case unavailable

    package var description: String {
        switch self {
        case .strange: "the sign-in was not begun in this browser, or took too long"
        case .declined(let word): "the provider says \(word)"
        case .untrue: "what the provider says does not hold"
        case .refused(let reason): reason
        case .unavailable: "the provider cannot be asked"
        }
    }
}
