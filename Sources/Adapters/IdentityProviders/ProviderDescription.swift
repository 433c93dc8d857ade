package import ServerKit

/// What a provider is like, and whom of its people are let in: all that one differs from another by.
package struct ProviderDescription: Sendable {
    /// How it says who somebody is.
    package enum Proof: Sendable {
        /// By a signed token, after OpenID Connect; everything else is found by the issuer.
        case openID(issuer: String)
        /// By answers to questions that are asked with an access token, as GitHub does.
        case gitHub(web: String, api: String, organization: String?)
        /// By the one answer that GitLab gives whoever may do no more than ask who somebody is.
        case gitLab(web: String, api: String)
    }

    /// What has to be said of an address before it names an account.
    package enum EmailProof: Sendable {
        /// That it is verified.
        case said
        /// Nothing, but not that it is not: not every provider speaks of it.
        case notDenied
        case none
    }

    /// How we say who we are to it.
    package enum ClientProof: String, Sendable, CaseIterable {
        case basic = "client_secret_basic"
        case post = "client_secret_post"
    }

    /// Something that has to be true of everybody who is let in.
    package struct Requirement: Sendable {
        package let claim: String
        /// One of these has to be among the claim's values.
        package let values: [String]
        /// Whether large and small letters are the same.
        package var ignoresCase = false
        /// Whether what lies below a value will do, `acme/dev` for `acme`.
        package var takesBelow = false
        /// What it is that somebody lacks, for the sentence they are told.
        package let words: String

        package init(
            claim: String, values: [String], ignoresCase: Bool = false, takesBelow: Bool = false,
            words: String
        ) {
            self.claim = claim
            self.values = values
            self.ignoresCase = ignoresCase
            self.takesBelow = takesBelow
            self.words = words
        }

        func takes(_ text: String) -> Bool {
            values.contains { value in
                let (text, value) = ignoresCase ? (text.lowercased(), value.lowercased()) : (text, value)
                return text == value || (takesBelow && text.hasPrefix(value + "/"))
            }
        }
    }

    package let name: String
    package var title: String
    package let proof: Proof
    package let clientID: String
    package let clientSecret: Secret
    /// Nil for whichever the provider takes.
    package var clientProof: ClientProof?
    package var scopes: [String]
    /// More for the address that a browser is sent to.
    package var extras: [(String, String)] = []
    /// The claims that name the account: the first that is there.
    package var accountClaims: [String]
    /// What stands before the name, to tell the provider's people from others.
    package var accountPrefix = ""
    package var emailProof = EmailProof.said
    /// Labels, and the claims that their values come from.
    package var labels: [String: String] = [:]
    /// Whether a claim that is one text and no list gives no label.
    package var labelsAreLists = false
    package var requirements: [Requirement] = []
    package var timeLimit = Duration.seconds(10)

    private init(
        _ name: String, title: String, proof: Proof, clientID: String, clientSecret: Secret, scopes: [String],
        accountClaims: [String]
    ) {
        self.name = name
        self.title = title
        self.proof = proof
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scopes = scopes
        self.accountClaims = accountClaims
    }

    /// Any provider that keeps to OpenID Connect.
    package static func openID(
        _ name: String, issuer: String, clientID: String, clientSecret: Secret
    ) -> Self {
        Self(
            name, title: name, proof: .openID(issuer: issuer), clientID: clientID, clientSecret: clientSecret,
            scopes: ["openid", "profile", "email"], accountClaims: ["email"])
    }

    /// Google, with what it wants to be asked for so that it can be asked again.
    ///
    /// - Parameter domains: the Workspace domains whose people are let in; Google vouches for them by `hd`, which an
    /// address that merely ends like one does not have.
    package static func google(
        _ name: String, issuer: String = googleIssuer, clientID: String, clientSecret: Secret,
        domains: [String]
    ) -> Self {
        var google = Self(
            name, title: "Google", proof: .openID(issuer: issuer), clientID: clientID,
            clientSecret: clientSecret, scopes: ["openid", "email"], accountClaims: ["email"])
        google.extras = [("access_type", "offline"), ("prompt", "consent")]
        if domains.count == 1 { google.extras.append(("hd", domains[0])) }
        if !domains.isEmpty {
            google.requirements = [
                Requirement(claim: "hd", values: domains, ignoresCase: true, words: "of the right domain")
            ]
        }
        return google
    }

    package static let googleIssuer = "https://accounts.google.com"

    /// GitLab, whose answer about a user names the groups.
    package static func gitLab(
        _ name: String, url: String = "https://gitlab.com", clientID: String, clientSecret: Secret
    ) -> Self {
        var gitLab = Self(
            name, title: "GitLab", proof: .openID(issuer: url), clientID: clientID,
            clientSecret: clientSecret, scopes: ["openid", "profile"],
            accountClaims: ["preferred_username", "nickname"])
        gitLab.labels = ["groups": "groups"]
        return gitLab
    }

    /// GitLab, asked for nothing but who somebody is: for an application that may not ask for more.
    package static func gitLabUser(
        _ name: String, web: String, api: String, clientID: String, clientSecret: Secret
    ) -> Self {
        var gitLab = Self(
            name, title: "GitLab", proof: .gitLab(web: web, api: api), clientID: clientID,
            clientSecret: clientSecret, scopes: ["read_user"], accountClaims: ["username"])
        gitLab.clientProof = .post
        return gitLab
    }

    /// GitHub, or a GitHub Enterprise Server at addresses of its own.
    ///
    /// - Parameters:
    ///   - organization: the one whose members are let in; its teams are the label `teams`.
    ///   - teams: the teams of which one has to be in at least one.
    package static func gitHub(
        _ name: String, web: String = "https://github.com", api: String? = nil, clientID: String,
        clientSecret: Secret, organization: String?, teams: [String] = []
    ) -> Self {
        let standard = web == "https://github.com" ? "https://api.github.com" : web + "/api/v3"
        var gitHub = Self(
            name, title: "GitHub",
            proof: .gitHub(web: web, api: api ?? standard, organization: organization), clientID: clientID,
            clientSecret: clientSecret, scopes: organization == nil ? [] : ["read:org"],
            accountClaims: ["login"])
        gitHub.clientProof = .post
        guard let organization else { return gitHub }
        gitHub.labels = ["teams": "teams"]
        gitHub.requirements = [
            Requirement(
                claim: "organizations", values: [organization], ignoresCase: true,
                words: "a member of the organization \(organization)")
        ]
        if !teams.isEmpty {
            gitHub.requirements.append(
                Requirement(
                    claim: "teams", values: teams,
                    words: "in any of the teams that are let in (\(teams.joined(separator: ", ")))"))
        }
        return gitHub
    }
}
