internal import FoundationEssentials
internal import LDAPDirectory
internal import ServerKit

/// The directory of `ldap_auth`.
extension DockerAuthPlanner {
    /// How it is asked; nil where there is none, and where something is wrong with it.
    mutating func directory() -> LDAPSettings? {
        guard file.names("ldap_auth") else { return nil }
        let (ldap, before) = (values.ldap, problems.count)
        var settings = LDAPSettings(servers: [ldap.url], base: ldap.base, filter: ldap.filter)
        settings.startsTLS = ldap.security == .starttls
        settings.isExact = options.isSafe(.names)
        // As all values of labels there: a rule may take them for patterns.
        settings.hasLiteralValues = false
        if !ldap.filter.contains("${account}") || !LDAPSettings.isFilter(ldap.filter) {
            refuse(
                "ldap_auth.filter",
                "is no filter that finds somebody by name; write one such as `(uid=${account})`")
        }
        if settings.isExact, LDAPIdentity(ldap.filter) == nil {
            refuse(
                "ldap_auth.filter",
                "from it cannot be told which attribute is the name, which `--safe names` needs: `(ATTRIBUTE=${account})`"
            )
        }
        readAuthority(&settings)
        readBinding(&settings)
        settings.labels = ldap.labels.sorted { $0.key < $1.key }.map { name, label in
            var made = LDAPSettings.Label(name: name, attribute: label.attribute)
            made.takesCommonName = label.takesCommonName
            made.isLowercased = label.isLowercased
            return made
        }
        warn(ldap, settings)
        return problems.count == before ? settings : nil
    }

    private mutating func readAuthority(_ settings: inout LDAPSettings) {
        let ldap = values.ldap
        settings.trustsAnybody = ldap.trustsAnybody
        guard !ldap.authorityFile.isEmpty else { return }
        settings.authorityFile = ldap.authorityFile
        if !FileManager.default.isReadableFile(atPath: ldap.authorityFile) {
            refuse("ldap_auth.ca_certificate", "there is no file `\(ldap.authorityFile)` that can be read")
        }
    }

    private mutating func readBinding(_ settings: inout LDAPSettings) {
        let ldap = values.ldap
        if ldap.bindsAsUser {
            settings.userName = ldap.bindName
            if !ldap.bindName.contains("${account}") {
                refuse(
                    "ldap_auth.bind_dn",
                    "holds no `${account}`, so with `initial_bind_as_user` everybody would have one password")
            }
            return
        }
        guard !ldap.bindName.isEmpty else { return }
        do throws(ValueProblem) {
            let text = try SecretFile.read(ldap.bindPasswordFile).revealed
            // docker_auth takes spaces and lines' ends off at both ends.
            let trimmed = text.drop { $0.isWhitespace }
            let end = trimmed.lastIndex { !$0.isWhitespace }.map(trimmed.index(after:)) ?? trimmed.startIndex
            settings.reader = LDAPSettings.Reader(
                name: ldap.bindName, password: Secret(String(trimmed[..<end])))
        } catch {
            refuse("ldap_auth.bind_password_file", error.description)
        }
    }

    private mutating func warn(_ ldap: DockerAuthLDAP, _ settings: LDAPSettings) {
        if !ldap.isSecure {
            note(
                "ldap_auth.addr",
                "passwords go to the directory in clear; with `tls: starttls` or `tls: always` they do not")
        } else if ldap.trustsAnybody {
            note(
                "ldap_auth.insecure_tls_skip_verify",
                "whoever comes between reads every password; name the directory's authority in `ca_certificate`"
            )
        }
        if !settings.isExact {
            note(
                "ldap_auth.filter",
                "a directory takes `Anna` and `anna ` for `anna`, and each is an account of its own for rules and when "
                    + "guessing is slowed; `--safe names` takes names as they stand there")
        }
    }
}

extension DockerAuthLDAP {
    var isSecure: Bool { security == .starttls || isSecureFromTheStart }

    private var isSecureFromTheStart: Bool {
        security == .always || (security == .unsaid && address.hasSuffix(":636"))
    }

    var url: String { (isSecureFromTheStart ? "ldaps://" : "ldap://") + address }
}
