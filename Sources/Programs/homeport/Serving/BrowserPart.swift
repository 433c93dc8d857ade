internal import Accounts
internal import Edge
internal import HTTPKit
internal import SignInAPI

/// The pages where people sign in with their browser, and what asks their providers about them again.
struct BrowserPart: ServerPart {
    private let signIn: BrowserSignIn
    private let stores: Stores
    private let publicURL: PublicURL
    let engines: [Engine]

    /// Nil where no provider is set up.
    init?(_ stores: Stores) {
        guard let signIn = stores.accounts.browser, let publicURL = stores.values.publicURL else {
            return nil
        }
        self.signIn = signIn
        self.stores = stores
        self.publicURL = publicURL
        let pause = stores.providers.pause
        let work = Engine(
            "people of providers",
            [
                Maintenance(name: "people of providers", first: .zero, every: pause) {
                    try await signIn.askAgain()
                },
                Maintenance(name: "providers", first: .zero, every: .seconds(300)) { await signIn.look() },
            ])
        self.engines = [work, stores.providers.engine]
    }

    var faces: [any Face] {
        let settings = SignInPageSettings(publicURL: publicURL.text, registry: publicURL.authority)
        return [HostedFace(SignInFace(signIn, settings: settings), hosts: stores.values.hosts.auth)]
    }

    /// One that is away is no reason to send clients elsewhere: its last word counts for a while.
    var checks: [HealthFace.Check] {
        signIn.choices.map { choice in
            HealthFace.Check(name: "sign-in \(choice.name)") { [signIn] in
                signIn.trouble(of: choice.name).map(HealthFace.Check.Finding.noted) ?? .fine
            }
        }
    }
}
