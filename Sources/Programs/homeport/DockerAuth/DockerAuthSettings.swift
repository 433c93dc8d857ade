/// What a docker_auth configuration says beside accounts and rules, as lines of Homeport's own.
struct DockerAuthSettings {
    private(set) var text = ""
    /// What has no place in the configuration.
    private(set) var leftOut: [DockerAuthNote] = []
    let file: DockerAuthFile

    init(_ file: DockerAuthFile) {
        self.file = file
        door()
        publicPlace()
        tokens()
        sources()
        for (key, text) in Self.others where file.names(key) { leave(key, text) }
    }

    mutating func leave(_ key: String, _ text: String) {
        leftOut.append(DockerAuthNote(key: key, line: file.line(of: key), text: text))
    }

    mutating func line(_ words: String) { text += words + "\n" }

    private mutating func door() {
        let server = file.values.server
        let isSecure = !server.certificate.isEmpty || file.names("server.letsencrypt")
        if server.network == .unix {
            leave("server.net", "no socket is listened on; name an address and a port in `listen`")
        } else if isSecure {
            line("tls:")
            line("  listen: [\(Self.quoted(server.address))]")
            if server.tlsMinimum.uppercased() == "TLS13" { line("  profile: modern") }
            if !server.certificate.isEmpty {
                line("  certificates:")
                line("    - certificate_file: \(Self.quoted(server.certificate))")
                line("      key_file: \(Self.quoted(server.key))")
            }
        } else {
            line("listen: \(Self.quoted(server.address))")
        }
        if file.names("server.letsencrypt") {
            line("acme:")
            line("  names: [\(Self.quoted(server.letsEncrypt.host))]")
            if !server.letsEncrypt.email.isEmpty { line("  email: \(Self.quoted(server.letsEncrypt.email))") }
        }
        if server.strictTransport {
            line("headers:")
            line("  hsts_age: 730d")
            line("  hsts_subdomains: true")
        }
        if !server.pathPrefix.isEmpty {
            leave("server.path_prefix", "tokens are had at /auth/token; have the proxy take the prefix off")
        }
        if !server.realIPHeader.isEmpty {
            line("proxies:")
            line("  trusted: []  # the addresses of your proxy: X-Forwarded-For is believed from these alone")
            leave(
                "server.real_ip_header",
                "Forwarded and X-Forwarded-For are believed, from `proxies.trusted` alone")
        }
    }

    private mutating func tokens() {
        let token = file.values.token
        line("token:")
        line("  issuer: \(Self.quoted(token.issuer))")
        line("  service: homeport  # what your registry is called in its `service`")
        line("  life: \(max(60, token.expiration))s")
        if !token.disablesLegacyKeyID { line("  kid: libtrust") }
    }

    private mutating func sources() {
        let (hasProgram, hasDirectory) = (file.names("ext_auth"), file.names("ldap_auth"))
        let decides = file.names("ext_authz")
        guard hasProgram || hasDirectory || hasProviders || decides else { return }
        line("accounts:")
        if decides {
            let program = file.values.programACL
            line("  authorizers:")
            line("    - name: program")
            line("      kind: program")
            line("      cache_time: 0s")
            line("      program:")
            line("        command: \(Self.quoted(program.command))")
            line("        arguments: [\(program.arguments.map(Self.quoted).joined(separator: ", "))]")
            leave(
                "ext_authz",
                "the registry asks the program at each request, and not for tokens alone; `cache_time` has it believed "
                    + "for a while")
        }
        if hasProgram || hasDirectory { line("  sources:") }
        if hasProgram {
            let program = file.values.program
            line("    - name: program")
            line("      kind: program")
            line("      program:")
            line("        command: \(Self.quoted(program.command))")
            line("        arguments: [\(program.arguments.map(Self.quoted).joined(separator: ", "))]")
        }
        if hasDirectory { directory(file.values.ldap) }
        if hasProviders { providers() }
    }

    private mutating func directory(_ ldap: DockerAuthLDAP) {
        line("    - name: ldap")
        line("      kind: ldap")
        line("      ldap:")
        line("        servers: [\(Self.quoted(ldap.url))]")
        if ldap.security == .starttls { line("        start_tls: true") }
        if !ldap.isSecure {
            line("        allow_plain: true")
            leave("ldap_auth.addr", "passwords go to the directory in clear; have it speak TLS")
        }
        if !ldap.authorityFile.isEmpty { line("        authority_file: \(Self.quoted(ldap.authorityFile))") }
        if ldap.trustsAnybody {
            leave(
                "ldap_auth.insecure_tls_skip_verify",
                "certificates are looked at; name the directory's authority in `authority_file`")
        }
        if ldap.bindsAsUser {
            line("        bind_as_user: \(Self.quoted(ldap.bindName))")
        } else if !ldap.bindName.isEmpty {
            line("        reader: \(Self.quoted(ldap.bindName))")
            line("        reader_password_file: \(Self.quoted(ldap.bindPasswordFile))")
        }
        line("        base: \(Self.quoted(ldap.base))")
        line("        filter: \(Self.quoted(ldap.filter))")
        leave(
            "ldap_auth.filter",
            "a name has to be written as it stands in the directory, in the same case; `exact_name: false` takes every "
                + "spelling")
        guard !ldap.labels.isEmpty else { return }
        line("        labels:")
        for (name, label) in ldap.labels.sorted(by: { $0.key < $1.key }) {
            line(
                "          \(Self.quoted(name)): { attribute: \(Self.quoted(label.attribute)), "
                    + "parse_cn: \(label.takesCommonName), lower_case: \(label.isLowercased) }")
        }
        leave("ldap_auth.labels", "`*` and `?` in values of the directory are texts here, and no patterns")
    }

    /// Sources of people and rules beside those of the file itself.
    private static let others: [(key: String, text: String)] = [
        ("xorm_auth", "databases of SQL are not asked here"),
        ("acl_xorm", "databases of SQL are not asked here"),
        ("plugin_authn", "plugins in Go cannot be loaded"),
        ("plugin_authz", "plugins in Go cannot be loaded"),
        ("casbin_authz", "models of Casbin are not understood"),
    ]

    /// A text as YAML takes it, whatever is in it.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                result += "\\x" + (hex.count == 1 ? "0" : "") + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
