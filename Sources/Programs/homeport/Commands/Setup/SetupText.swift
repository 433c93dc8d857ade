internal import FoundationEssentials
internal import TLSKit

/// A configuration as somebody would have written it who explains what he does.
struct SetupText {
    let plan: SetupPlan

    var text: String {
        ([head, place] + [publicly, secure, acme, proxies, tokens, bucket, mongo, accounts].compactMap { $0 }
            + [more])
            .joined(separator: "\n")
    }

    private var head: String {
        """
        # The configuration of Homeport, written by `homeport setup`. It is yours from now on.
        #
        # `homeport check` says what it means and what is wrong with it, `homeport doctor` whether all works.
        # Every key that there is: docs/configure.md, or `homeport check` with its defaults.

        """
    }

    private var place: String {
        """
        # \(what) lies here\(details). Back it up with `homeport backup`.
        data: \(Self.quoted(plan.data))

        # Without TLS, for this machine\(plan.certificates == .proxy ? " and the proxy on it" : " alone").
        listen: \(Self.quoted(plan.listen.description))

        """
    }

    private var what: String { plan.bucket.name == nil ? "Everything" : "All but the images" }
    private var details: String {
        plan.bucket.name == nil ? ": facts in homeport.db, images below docker/registry" : ""
    }

    private var publicly: String? {
        guard let url = plan.publicURL else { return nil }
        return """
            # Where clients find it, and are sent for their tokens.
            public_url: \(Self.quoted(url))

            """
    }

    private var secure: String? {
        guard plan.certificates == .acme || plan.certificates == .files else { return nil }
        var files = ""
        if let certificate = plan.certificateFile, let key = plan.keyFile {
            files = """

                  # Read again when they change. certbot calls them fullchain.pem and privkey.pem.
                  certificates:
                    - certificate_file: \(Self.quoted(certificate))
                      key_file: \(Self.quoted(key))
                """
        }
        return """
            # TLS 1.2 and 1.3. [::] is every address, of IPv6 and of IPv4. Lower ports than 1024 need CAP_NET_BIND_SERVICE, which the systemd unit gives.
            tls:
              listen: ["\(everywhere):\(plan.securePort)"]\(files)

            # Who comes without TLS is sent there; authorities look for their challenges here.
            redirect:
              listen: ["\(everywhere):\(plan.plainPort)"]

            # Browsers are to come by TLS only, once you are sure of it:
            # headers:
            #   hsts_age: 180d

            """
    }

    /// Every address of the machine; `[::]` takes IPv4, too, where there is IPv6.
    private var everywhere: String { plan.hasIPv6 ? "[::]" : "" }

    private var acme: String? {
        guard plan.certificates == .acme else { return nil }
        var lines = [
            "# Certificates that the server gets itself and renews. To name hosts is to accept the authority's terms.",
            "acme:",
            "  names: [\(plan.hosts.map { Self.quoted($0.text) }.joined(separator: ", "))]",
        ]
        lines.append(
            plan.email.map { "  email: \(Self.quoted($0))" }
                ?? "  # The authority writes here when something is the matter:\n  # email: admin@example.com"
        )
        if let directory = plan.directory { lines.append("  directory: \(Self.quoted(directory))") }
        if let file = plan.authorityFile { lines.append("  authority_file: \(Self.quoted(file))") }
        return lines.joined(separator: "\n") + "\n"
    }

    private var proxies: String? {
        guard plan.certificates == .proxy else { return nil }
        return """
            # Who may say which client it speaks for. Add the proxy's address if it is on another machine.
            proxies:
              trusted: ["127.0.0.1", "::1"]

            """
    }

    private var tokens: String? {
        """
        # The key that signs tokens: p256 is small and fast, rsa4096 is for registries that know nothing else.
        token:
          algorithm: \(plan.keys.rawValue)

        """
    }

    private var accounts: String? {
        """
        # Who may do everything. Others: `homeport account add`, and `homeport acl` for what they may.
        accounts:
          admin_name: \(Self.quoted(plan.admin))
        \(others)
        """
    }

    private var mongo: String? {
        guard !plan.people.hosts.isEmpty else { return nil }
        var lines = [
            plan.people.keeps == .everything
                ? "# What servers share lies here: all but images (docs/mongodb.md)."
                : "# Accounts, rules, tokens and keys lie here; other servers may share them (docs/mongodb.md).",
            "mongodb:",
            "  hosts: [\(plan.people.hosts.map(Self.quoted).joined(separator: ", "))]",
        ]
        if plan.people.keeps == .everything { lines.append("  keeps: everything") }
        if let database = plan.people.database { lines.append("  database: \(Self.quoted(database))") }
        if let user = plan.people.user, let file = plan.people.passwordFile {
            lines += ["  username: \(Self.quoted(user))", "  password_file: \(Self.quoted(file))"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Who else signs in, below `accounts`.
    private var others: String {
        let people = plan.people
        switch people.signIn {
        case .own: return ""
        case .ldap:
            let servers = people.directories.map(Self.quoted).joined(separator: ", ")
            return """
                  # People of a directory, who need no account here: docs/sign-in.md has what else it can say.
                  sources:
                    - name: directory
                      kind: ldap
                      ldap:
                        servers: [\(servers)]
                        base: \(Self.quoted(people.base ?? ""))

                """
        case .browser: return provider
        }
    }

    private var provider: String {
        let people = plan.people
        guard let kind = people.provider, let id = people.clientID, let secret = people.clientSecretFile
        else {
            return ""
        }
        var lines = [
            "  # People sign in by browser at /signin, and make tokens for `docker login` there: docs/sign-in.md.",
            "  providers:",
            "    - name: \(kind.rawValue)",
            "      kind: \(kind.rawValue)",
            "      client_id: \(Self.quoted(id))",
            "      client_secret_file: \(Self.quoted(secret))",
        ]
        if let url = people.providerURL {
            lines.append("      \(kind == .oidc ? "issuer" : "url"): \(Self.quoted(url))")
        }
        if let members = people.members {
            switch kind {
            case .google: lines.append("      domains: [\(Self.quoted(members))]")
            case .github: lines.append("      organization: \(Self.quoted(members))")
            case .oidc, .gitlab: lines.append("      groups: [\(Self.quoted(members))]")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var more: String {
        """
        # What is usually set next:
        #
        # registry:
        #   immutable_tags:            # tags that stay what they are
        #     - {name: "prod/**", tag: "v*"}
        # weather:                     # the forecast as a calendar and a page
        #   places:
        #     - {name: home, at: "52.52,13.41"}

        """
    }

    /// A text as YAML takes it, whatever is in it.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                result += "\\x" + (hex.count < 2 ? "0" : "") + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
