internal import Accounts
internal import FoundationEssentials
internal import IdentityProviders
internal import ServerKit

/// The sections for signing in by browser.
extension DockerAuthPlanner {
    /// - Parameter prefix: what stands before the server's own paths.
    mutating func browser(prefix: String) -> DockerAuthBrowserPlan {
        var plan = DockerAuthBrowserPlan()
        plan.providers = [google(), gitHub(), openID(), gitLab()].compactMap(\.self)
        (plan.origin, plan.prefix) = publicPlace(prefix)
        let own = ownFolder()
        plan.folder = options.data ?? own
        return plan
    }

    private mutating func google() -> DockerAuthBrowserPlan.Provider? {
        let (key, section) = ("google_auth", values.google)
        guard file.names(key), let (id, secret) = client(section.client, key) else { return nil }
        let domains = section.domain.isEmpty ? [] : [section.domain]
        if domains.isEmpty { noteEverybody(key, "domain") }
        note(
            key,
            "Google has to know the address of /google_auth as a redirect address of the client, which docker_auth "
                + "did without")
        var description = ProviderDescription.google(
            key, clientID: id, clientSecret: secret, domains: domains)
        description.timeLimit = section.client.timeLimit
        return .init(
            description: description, comesBack: .path("/\(key)"), recheck: options.recheckTime, registry: nil
        )
    }

    private mutating func gitHub() -> DockerAuthBrowserPlan.Provider? {
        let (key, section) = ("github_auth", values.github)
        guard file.names(key), let (id, secret) = client(section.client, key) else { return nil }
        let web = address(section.webURL, "\(key).github_web_uri", standard: "https://github.com")
        let api =
            section.programURL.isEmpty
            ? nil : address(section.programURL, "\(key).github_api_uri", standard: "")
        let organization = section.organization.isEmpty ? nil : section.organization
        if organization == nil, web == "https://github.com" { noteEverybody(key, "organization") }
        var description = ProviderDescription.gitHub(
            key, web: web, api: api, clientID: id, clientSecret: secret, organization: organization)
        description.timeLimit = section.client.timeLimit
        return .init(
            description: description, comesBack: .unsaid, recheck: Self.recheck(section.revalidation),
            registry: Self.registry(section.registryURL))
    }

    private mutating func openID() -> DockerAuthBrowserPlan.Provider? {
        let (key, section) = ("oidc_auth", values.oidc)
        guard file.names(key), let (id, secret) = client(section.client, key) else { return nil }
        checkReturn(section.redirectURL, "\(key).redirect_url", door: "/oidc_auth")
        if !SafeAddress.isSafe(section.issuer) { refuse("\(key).issuer", Self.inClear(section.issuer)) }
        var description = ProviderDescription.openID(
            key, issuer: section.issuer, clientID: id, clientSecret: secret)
        description.title = "OpenID Connect"
        description.scopes = section.scopes.contains("openid") ? section.scopes : ["openid"] + section.scopes
        description.accountClaims = [section.userClaim]
        description.labels = Dictionary(section.labelClaims.map { ($0, $0) }) { first, _ in first }
        description.labelsAreLists = true
        description.emailProof = options.isSafe(.addresses) ? .said : .notDenied
        description.timeLimit = section.client.timeLimit
        if section.userClaim == "email", !options.isSafe(.addresses) {
            note(
                key,
                "an address names an account that the provider does not say to be verified, if it says nothing of that; "
                    + "`--safe addresses` lets nobody in by such a one")
        }
        return .init(
            description: description, comesBack: .fixed(section.redirectURL), recheck: options.recheckTime,
            registry: Self.registry(section.registryURL))
    }

    private mutating func gitLab() -> DockerAuthBrowserPlan.Provider? {
        let (key, section) = ("gitlab_auth", values.gitlab)
        guard file.names(key), let (id, secret) = client(section.client, key) else { return nil }
        let web = address(section.webURL, "\(key).gitlab_web_uri", standard: "https://gitlab.com")
        let api = address(section.programURL, "\(key).gitlab_api_uri", standard: web + "/api/v4")
        if !section.redirectURL.isEmpty {
            checkReturn(section.redirectURL, "\(key).redirect_uri", door: "/gitlab_auth")
        }
        if !["", "authorization_code"].contains(section.grant) {
            refuse(
                "\(key).grant_type", "`\(section.grant)` is not for browsers; expected `authorization_code`")
        }
        var description: ProviderDescription
        if section.organization.isEmpty {
            if web == "https://gitlab.com" { noteEverybody(key, "organization") }
            description = .gitLabUser(key, web: web, api: api, clientID: id, clientSecret: secret)
        } else {
            description = .gitLab(key, url: web, clientID: id, clientSecret: secret)
            description.requirements = [
                .init(
                    claim: "groups", values: [section.organization], takesBelow: true,
                    words: "in the group \(section.organization)")
            ]
            note(
                "\(key).organization",
                "only those in this group, or in one below it, are let in, where docker_auth lets everybody in; the "
                    + "application at GitLab has to allow the scopes openid and profile")
        }
        description.timeLimit = section.client.timeLimit
        return .init(
            description: description,
            comesBack: section.redirectURL.isEmpty ? .path("/\(key)") : .fixed(section.redirectURL),
            recheck: Self.recheck(section.revalidation), registry: Self.registry(section.registryURL))
    }

    // MARK: What they have in common

    private mutating func client(
        _ client: DockerAuthBrowser.Client, _ key: String
    ) -> (id: String, secret: Secret)? {
        if client.id.isEmpty { refuse("\(key).client_id", "is missing; the provider has given it") }
        guard client.secret.isEmpty else {
            return client.id.isEmpty ? nil : (client.id, Secret(client.secret))
        }
        guard !client.secretFile.isEmpty else {
            refuse(
                "\(key).client_secret", "is missing, and there is no `client_secret_file` that holds it")
            return nil
        }
        do throws(ValueProblem) {
            let text = try SecretFile.read(client.secretFile).revealed.drop(while: \.isWhitespace)
            let plain = String(text.reversed().drop(while: \.isWhitespace).reversed())
            return client.id.isEmpty ? nil : (client.id, Secret(plain))
        } catch {
            refuse("\(key).client_secret_file", error.description)
            return nil
        }
    }

    /// An address that secrets may be sent to, without a slash at its end.
    private mutating func address(_ text: String, _ key: String, standard: String) -> String {
        var address = text.isEmpty ? standard : text
        while address.hasSuffix("/") { address.removeLast() }
        if !SafeAddress.isSafe(address) { refuse(key, Self.inClear(text)) }
        return address
    }

    private static func inClear(_ text: String) -> String {
        "`\(text)` is no address that secrets can be sent to; it has to begin with https://"
    }

    private mutating func checkReturn(_ text: String, _ key: String, door: String) {
        guard text.hasSuffix(door), PublicURL(String(Self.origin(of: text))) != nil else {
            refuse(key, "`\(text)` is not where browsers come back to; it has to end in \(door)")
            return
        }
        if !SafeAddress.isSafe(text) {
            note(key, "whoever listens on the way reads the tokens that people make; have it be https")
        }
    }

    private mutating func noteEverybody(_ key: String, _ cure: String) {
        note(
            key,
            "everybody in the world may have an account there and is let in, to what the rules grant; name the "
                + "`\(cure)`")
    }

    private static func recheck(_ time: Duration) -> Duration {
        time <= .zero ? .seconds(3600) : max(.seconds(1), time)
    }

    /// As `docker login` takes it.
    private static func registry(_ text: String) -> String? {
        var name = text[...]
        for scheme in ["https://", "http://"] where name.hasPrefix(scheme) {
            name = name.dropFirst(scheme.count)
        }
        while name.hasSuffix("/") { name = name.dropLast() }
        return name.isEmpty ? nil : String(name)
    }

    // MARK: Where browsers come, and what is kept

    /// Where browsers come, and what stands before the paths there.
    private func publicPlace(_ prefix: String) -> (origin: String?, prefix: String) {
        if let said = options.publicURL { return (said.text, prefix) }
        let bases = Set(
            [(values.oidc.redirectURL, "/oidc_auth"), (values.gitlab.redirectURL, "/gitlab_auth")]
                .filter { $0.0.hasSuffix($0.1) }.map { String($0.0.dropLast($0.1.count)) })
        guard bases.count == 1, let base = bases.first else { return (nil, prefix) }
        let origin = Self.origin(of: base)
        return (String(origin), String(base.dropFirst(origin.count)))
    }

    /// `https://auth.example.com` of an address there.
    private static func origin(of address: String) -> Substring {
        guard let scheme = address.firstRange(of: "://") else { return address[...] }
        let end = address[scheme.upperBound...].firstIndex(of: "/") ?? address.endIndex
        return address[..<end]
    }

    /// A folder of our own in the one where docker_auth keeps what it has given out; nil where there is none, which is
    /// refused when somebody signs in by browser.
    private mutating func ownFolder() -> String? {
        let stores = [
            ("google_auth", values.google.stores), ("github_auth", values.github.stores),
            ("oidc_auth", values.oidc.stores), ("gitlab_auth", values.gitlab.stores),
        ].filter { file.names($0.0) }
        let path = stores.map(\.1.folder.path).first { !$0.isEmpty }
        for (key, store) in stores {
            let places = ["gcs_token_db", "redis_token_db"].map { "\(key).\($0)" }.filter(file.names)
            for place in places {
                note(
                    place,
                    "is not asked: what was given out is not known here, and everybody signs in once more")
            }
            let folder = store.folder.path
            if places.isEmpty, !folder.isEmpty, FileManager.default.fileExists(atPath: folder + "/CURRENT") {
                note(
                    "\(key).level_token_db",
                    "the passwords that docker_auth has given out are not read: everybody signs in once more")
            }
        }
        if path == nil, options.data == nil, let key = stores.first?.0 {
            refuse(
                key,
                "says no folder in which the tokens of people can be kept; start with `--data FOLDER`")
        }
        return path.map { $0 + "/homeport" }
    }
}

extension DockerAuthBrowser.Client {
    fileprivate var timeLimit: Duration {
        timeout <= .zero ? .seconds(10) : min(.seconds(60), max(.milliseconds(100), timeout))
    }
}
