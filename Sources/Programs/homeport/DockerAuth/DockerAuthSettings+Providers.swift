internal import FoundationEssentials

/// The sections for signing in by browser, as `accounts.providers`.
extension DockerAuthSettings {
    private static let sections = ["google_auth", "github_auth", "oidc_auth", "gitlab_auth"]

    var hasProviders: Bool { Self.sections.contains(where: file.names) }

    /// Where browsers come, which nothing but a redirect address says.
    mutating func publicPlace() {
        guard hasProviders else { return }
        let known = [file.values.oidc.redirectURL, file.values.gitlab.redirectURL].lazy
            .compactMap { Self.origin(of: $0) }.first
        line(
            "public_url: \(Self.quoted(known ?? "https://registry.example.com"))  # where browsers find the server"
        )
        for section in Self.sections where file.names(section) {
            let name = section.dropLast("_auth".count)
            leave(
                section,
                "tell the provider the address browsers come back to: `public_url` and /signin/\(name)/callback"
            )
        }
    }

    mutating func providers() {
        line("  providers:")
        let values = file.values
        if file.names("google_auth") {
            provider("google", "google", values.google.client)
            if values.google.domain.isEmpty {
                line("      anybody: true")
            } else {
                line("      domains: [\(Self.quoted(values.google.domain))]")
            }
        }
        if file.names("github_auth") { gitHub(values.github) }
        if file.names("oidc_auth") { openID(values.oidc) }
        if file.names("gitlab_auth") { gitLab(values.gitlab) }
        for section in Self.sections {
            let stores = ["level_token_db", "gcs_token_db", "redis_token_db"].map { "\(section).\($0)" }
            for store in stores where file.names(store) {
                leave(store, "people sign in once more, and make tokens, which are kept with everything else")
            }
        }
    }

    private mutating func provider(_ name: String, _ kind: String, _ client: DockerAuthBrowser.Client) {
        line("    - name: \(name)")
        line("      kind: \(kind)")
        line("      client_id: \(Self.quoted(client.id))")
        guard client.secret.isEmpty, !client.secretFile.isEmpty else {
            line("      client_secret_file: \(Self.quoted("\(name).secret"))")
            leave(
                "\(name)_auth.client_secret",
                "write it into the file \(name).secret, beside the configuration")
            return
        }
        line("      client_secret_file: \(Self.quoted(client.secretFile))")
    }

    private mutating func gitHub(_ section: DockerAuthBrowser.GitHub) {
        provider("github", "github", section.client)
        if !section.webURL.isEmpty { line("      url: \(Self.quoted(Self.trimmed(section.webURL)))") }
        if !section.programURL.isEmpty {
            line("      api_url: \(Self.quoted(Self.trimmed(section.programURL)))")
        }
        if section.organization.isEmpty {
            line("      anybody: true")
        } else {
            line("      organization: \(Self.quoted(section.organization))")
        }
        recheck(section.revalidation)
    }

    private mutating func openID(_ section: DockerAuthBrowser.OIDC) {
        provider("oidc", "oidc", section.client)
        line("      issuer: \(Self.quoted(section.issuer))")
        line("      account_claim: \(Self.quoted(section.userClaim))")
        line("      scopes: [\(section.scopes.map(Self.quoted).joined(separator: ", "))]")
        if !section.labelClaims.isEmpty {
            line("      labels:")
            for claim in section.labelClaims { line("        \(Self.quoted(claim)): \(Self.quoted(claim))") }
        }
        if section.userClaim == "email" {
            leave(
                "oidc_auth.user_claim",
                "an address has to be verified; `unverified_email: true` takes what the provider says for granted"
            )
        }
        leave("oidc_auth", "whoever has an account there is let in; `groups: [NAME]` has it otherwise")
    }

    private mutating func gitLab(_ section: DockerAuthBrowser.GitLab) {
        provider("gitlab", "gitlab", section.client)
        if !section.webURL.isEmpty { line("      url: \(Self.quoted(Self.trimmed(section.webURL)))") }
        if section.organization.isEmpty {
            line("      anybody: true")
        } else {
            line("      groups: [\(Self.quoted(section.organization))]")
        }
        leave("gitlab_auth", "the application at GitLab has to allow the scopes openid and profile")
        recheck(section.revalidation)
    }

    private mutating func recheck(_ time: Duration) {
        let seconds = time <= .zero ? 3600 : min(7 * 86_400, max(1, time.components.seconds))
        line("      recheck_time: \(seconds)s")
    }

    private static func trimmed(_ address: String) -> String {
        var address = address
        while address.hasSuffix("/") { address.removeLast() }
        return address
    }

    /// Scheme and host of an address.
    private static func origin(of address: String) -> String? {
        guard let scheme = address.firstRange(of: "://") else { return nil }
        let end = address[scheme.upperBound...].firstIndex(of: "/") ?? address.endIndex
        return PublicURL(String(address[..<end]))?.text
    }
}
