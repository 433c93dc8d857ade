package import Access
package import ServerKit

/// Somebody at whose page people sign in with their browser, and who vouches for them: an OpenID provider, GitHub.
package protocol IdentityProvider: Sendable {
    /// What it is called in addresses, in the log and in numbers.
    var name: String { get }
    /// What people call it.
    var title: String { get }

    /// Where a browser is sent.
    func address(for attempt: BrowserAttempt) async throws(ProviderError) -> String

    /// Whom the code that a browser has brought back stands for.
    ///
    /// - Parameter issuer: whom the browser says that it comes from, if it does (RFC 9207).
    func identity(
        code: Secret, issuer: String?, of attempt: BrowserAttempt
    ) async throws(ProviderError) -> Identity

    /// Who that person is by now. Throws `.refused` for one who does not belong any more.
    func identity(again person: Person) async throws(ProviderError) -> Identity

    /// What keeps it from being asked, in words for the operator; nil when nothing does. Asks for nobody.
    func trouble() async -> String?
}

/// What belongs together when a browser is sent away and comes back.
package struct BrowserAttempt: Sendable {
    /// What the provider hands back in the address, and nobody can guess.
    package let state: String
    /// What it writes into the token that says who somebody is.
    package let nonce: String
    /// What proves that whoever brings the code has sent the browser (RFC 7636).
    package let verifier: Secret
    /// Where the browser comes back to; nil where the provider knows that and is told nothing.
    package let redirect: String?

    package init(state: String, nonce: String, verifier: Secret, redirect: String?) {
        self.state = state
        self.nonce = nonce
        self.verifier = verifier
        self.redirect = redirect
    }
}

/// Whom a provider vouches for.
package struct Identity: Sendable, Hashable {
    /// What the provider calls the person, for ever and nobody else.
    package let subject: String
    package let account: AccountName
    package let labels: Labels
    /// What the provider is asked with again, sealed by the adapter: nothing in it can be read without what lies
    /// outside of the store.
    package let grant: [UInt8]

    package init(subject: String, account: AccountName, labels: Labels, grant: [UInt8]) {
        self.subject = subject
        self.account = account
        self.labels = labels
        self.grant = grant
    }
}

/// Why a provider does not vouch for somebody. The sentences hold nothing secret.
package enum ProviderError: Error, Sendable, Hashable {
    /// It could not be asked, or cannot be understood: it may be another time. For the operator.
    case unavailable(String)
    /// What it says does not hold: nobody is signed in by that. For the operator.
    case untrue(String)
    /// The person may not come in, or no longer. For the person.
    case refused(String)
    /// It says nothing until the person signs in again.
    case needsBrowser(String)
}
