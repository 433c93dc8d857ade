internal import FoundationEssentials
internal import IdentityProviders
internal import ServerKit

/// One of `accounts.providers`: at whose page people sign in with their browser.
struct IdentityProviderSettings: ConfigurationSection {
    enum Kind: String, CaseIterable {
        case oidc, google, github, gitlab
    }

    var name = ""
    var kind: Kind?
    var title: String?
    var issuer: String?
    var url: String?
    var apiURL: String?
    var clientID = ""
    var clientSecret: Secret?
    var clientProof: ProviderDescription.ClientProof?
    var scopes: [String] = []
    var accountClaim: String?
    var accountPrefix: String?
    var takesUnverifiedEmail = false
    var labels: [String: String] = [:]
    var domains: [String] = []
    var organization: String?
    var teams: [String] = []
    var groups: [String] = []
    var groupsClaim = "groups"
    var admitsAnybody = false
    var recheckTime = Duration.seconds(900)
    var graceTime = Duration.seconds(6 * 3600)
    var tokenLifeMax = Duration.seconds(365 * 86_400)
    var timeLimit = Duration.seconds(10)
    var authorityFile: String?

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .sourceName, isRequired: true),
            .value("kind", \.kind, .optional(.choice), isRequired: true),
            .value("title", \.title, .optional(.text("what people call it"))),
            .value("issuer", \.issuer, .optional(.providerURL)),
            .value("url", \.url, .optional(.providerURL)),
            .value("api_url", \.apiURL, .optional(.providerURL)),
            .value("client_id", \.clientID, .text("the name of the client"), isRequired: true),
            .value("client_secret_file", \.clientSecret, .optional(.secretFile), isRequired: true),
            .value("client_auth", \.clientProof, .optional(.choice)),
            .value("scopes", \.scopes, .list(of: .scopeWord)),
            .value("account_claim", \.accountClaim, .optional(.text("the name of a claim"))),
            .value("account_prefix", \.accountPrefix, .optional(.accountPrefix)),
            .value("unverified_email", \.takesUnverifiedEmail, .flag),
            .named("labels", \.labels, .text("the name of a claim")),
            .value("domains", \.domains, .list(of: .text("a domain"))),
            .value("organization", \.organization, .optional(.text("the name of an organization"))),
            .value("teams", \.teams, .list(of: .text("the slug of a team"))),
            .value("groups", \.groups, .list(of: .text("a group"))),
            .value("groups_claim", \.groupsClaim, .text("the name of a claim")),
            .value("anybody", \.admitsAnybody, .flag),
            .value("recheck_time", \.recheckTime, .duration(.seconds(1) ... .seconds(7 * 86_400))),
            .value("grace_time", \.graceTime, .duration(.seconds(0) ... .seconds(30 * 86_400))),
            .value(
                "token_life_max", \.tokenLifeMax, .duration(.seconds(86_400) ... .seconds(3650 * 86_400))),
            .value("time_limit", \.timeLimit, .duration(.milliseconds(100) ... .seconds(60))),
            .value("ca_file", \.authorityFile, .optional(.path("the name of a file with certificates"))),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        guard let kind else { return [] }
        var problems: [(key: String, message: String)] = []
        func only(_ key: String, _ isSet: Bool, _ kinds: Kind...) {
            guard isSet, !kinds.contains(kind) else { return }
            let words = kinds.map { "`kind: \($0.rawValue)`" }.joined(separator: " and ")
            problems.append((key, "is for a provider with \(words)"))
        }
        only("issuer", issuer != nil, .oidc)
        only("url", url != nil, .github, .gitlab)
        only("api_url", apiURL != nil, .github)
        only("domains", !domains.isEmpty, .google)
        only("organization", organization != nil, .github)
        only("teams", !teams.isEmpty, .github)
        only("groups", !groups.isEmpty, .oidc, .gitlab)
        only("account_claim", accountClaim != nil, .oidc, .gitlab)
        if kind == .oidc, issuer == nil {
            problems.append(("issuer", "is missing; name the provider's issuer"))
        }
        if kind == .github, !teams.isEmpty, organization == nil {
            problems.append(("teams", "are those of an organization; name it in `organization`"))
        }
        if let file = authorityFile, !FileManager.default.isReadableFile(atPath: file) {
            problems.append(("ca_file", "the file `\(file)` is not there, or cannot be read"))
        }
        if let way = wayToRestrict(kind), !admitsAnybody {
            let cure = "name \(way), or write `anybody: true`"
            problems.append(("kind", "everybody in the world may have an account there: \(cure)"))
        }
        return problems
    }

    /// How to say who is let in, where nothing says so yet and the whole world would be.
    private func wayToRestrict(_ kind: Kind) -> String? {
        switch kind {
        case .google: domains.isEmpty ? "the `domains`" : nil
        case .github: organization == nil && web(or: Self.gitHub) == Self.gitHub ? "the `organization`" : nil
        case .gitlab: groups.isEmpty && web(or: Self.gitLab) == Self.gitLab ? "the `groups`" : nil
        case .oidc:
            groups.isEmpty && issuer == ProviderDescription.googleIssuer
                ? "the `domains`, with `kind: google`" : nil
        }
    }

    private static let gitHub = "https://github.com"
    private static let gitLab = "https://gitlab.com"

    /// The address of the pages, without a slash at its end.
    private func web(or standard: String) -> String {
        let url = url ?? standard
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    /// What the provider is like; nil for one whose settings do not hold together.
    var description: ProviderDescription? {
        guard let kind, let clientSecret else { return nil }
        var description: ProviderDescription
        switch kind {
        case .oidc:
            description = .openID(name, issuer: issuer ?? "", clientID: clientID, clientSecret: clientSecret)
            description.labels = ["groups": groupsClaim]
        case .google:
            description = .google(name, clientID: clientID, clientSecret: clientSecret, domains: domains)
        case .github:
            description = .gitHub(
                name, web: web(or: Self.gitHub), api: apiURL, clientID: clientID,
                clientSecret: clientSecret, organization: organization, teams: teams)
        case .gitlab:
            description = .gitLab(
                name, url: web(or: Self.gitLab), clientID: clientID, clientSecret: clientSecret)
            description.labels = ["groups": groupsClaim]
        }
        if !groups.isEmpty {
            description.requirements.append(
                .init(
                    claim: groupsClaim, values: groups,
                    words: "in any of the groups that are let in (\(groups.joined(separator: ", ")))"))
        }
        if let title { description.title = title }
        if let clientProof { description.clientProof = clientProof }
        if !scopes.isEmpty { description.scopes = scopes }
        if let accountClaim { description.accountClaims = [accountClaim] }
        if !labels.isEmpty { description.labels = labels }
        description.accountPrefix = accountPrefix ?? ""
        description.emailProof = takesUnverifiedEmail ? .none : .said
        description.timeLimit = timeLimit
        return description
    }
}

extension ValueKind<String> {
    /// An address that secrets may be sent to, without a slash at its end unless it is an issuer's own.
    fileprivate static var providerURL: Self {
        ValueKind(
            text: "an address such as `https://login.example.com`",
            parse: { text, _ throws(ValueProblem) in
                guard SafeAddress.isSafe(text), !text.contains("?"), !text.contains("#") else {
                    guard text.hasPrefix("http://") else { return nil }
                    throw ValueProblem("`\(text)` would have secrets sent in clear; write `https://`")
                }
                return text
            },
            show: { $0 })
    }

    fileprivate static var scopeWord: Self {
        ValueKind(
            text: "a scope such as `openid`",
            parse: { text, _ in
                !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
                    ? text : nil
            },
            show: { $0 })
    }

    /// What stands before names that somebody else gives.
    static var accountPrefix: Self {
        ValueKind(
            text: "1 to 40 of `a-z A-Z 0-9 . _ @ + -`",
            parse: { text, _ in
                let isPlain = text.utf8.allSatisfy { byte in
                    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                        || "._@+-".utf8.contains(byte)
                }
                return isPlain && (1...40).contains(text.utf8.count) ? text : nil
            },
            show: { $0 })
    }
}
