internal import LDAPDirectory
internal import ServerKit

/// The directory that a source asks: `accounts.sources[].ldap`.
struct LDAPSourceSettings: ConfigurationSection {
    var servers: [String] = []
    var startsTLS = false
    var allowsPlain = false
    var authorityFile: String?
    var reader: String?
    var readerPassword: Secret?
    var userName: String?
    var base = ""
    var filter = "(uid=${account})"
    var isExact = true
    var labels: [String: LDAPLabelSettings] = [:]
    var groups = LDAPGroupSettings()

    static var keys: [Key<Self>] {
        [
            .value("servers", \.servers, .list(of: .directoryServer)),
            .value("start_tls", \.startsTLS, .flag),
            .value("allow_plain", \.allowsPlain, .flag),
            .value(
                "authority_file", \.authorityFile, .optional(.path("the name of a file with certificates"))),
            .value("reader", \.reader, .optional(.text("a name such as `cn=reader,dc=example,dc=com`"))),
            .value("reader_password_file", \.readerPassword, .optional(.secretFile)),
            .value(
                "bind_as_user", \.userName,
                .optional(.text("a name such as `uid=${account},ou=people,dc=example,dc=com`"))),
            .value("base", \.base, .text("a name such as `ou=people,dc=example,dc=com`")),
            .value("filter", \.filter, .text("a filter such as `(uid=${account})`")),
            .value("exact_name", \.isExact, .flag),
            .named("labels", \.labels),
            .section("groups", \.groups),
        ]
    }

    /// Whether it names anything.
    var isSaid: Bool { !servers.isEmpty || !base.isEmpty || userName != nil || reader != nil }

    /// What is wrong when this is the directory of a source.
    var problems: [(key: String, message: String)] {
        var problems: [(key: String, message: String)] = []
        if servers.isEmpty {
            problems.append(("servers", "is missing; name a server such as `ldaps://host`"))
        }
        if base.isEmpty {
            problems.append(("base", "is missing; say below which name people are looked for"))
        }
        if !filter.contains("${account}") {
            problems.append(("filter", "holds no `${account}`, so it finds the same for everybody"))
        }
        for (key, filter) in [("filter", filter), ("groups.filter", groups.filter)]
        where !LDAPSettings.isFilter(filter) {
            problems.append((key, "`\(filter)` is no filter; write one such as `(uid=${account})`"))
        }
        if isExact, LDAPIdentity(filter) == nil {
            problems.append(
                (
                    "filter",
                    "from it cannot be told which attribute is the name; write `(ATTRIBUTE=${account})`, or "
                        + "`exact_name: false` to let people in under every spelling that the directory takes"
                ))
        }
        if let userName, !userName.contains("${account}") {
            problems.append(("bind_as_user", "holds no `${account}`"))
        }
        if (reader == nil) != (readerPassword == nil) {
            problems.append(("reader", "`reader` and `reader_password_file` belong together"))
        }
        if reader != nil, userName != nil {
            problems.append(("bind_as_user", "who looks people up is `reader` or the user, not both"))
        }
        for server in servers where !allowsPlain && !isSafe(server) {
            problems.append(
                (
                    "servers",
                    "passwords would go to `\(server)` in clear; write `ldaps://` or `start_tls: true`, or "
                        + "`allow_plain: true` if that is so wanted"
                ))
        }
        if startsTLS, servers.contains(where: { $0.hasPrefix("ldaps://") }) {
            problems.append(("start_tls", "is for `ldap://`; with `ldaps://` there is TLS from the start"))
        }
        return problems + groups.problems.map { ("groups.\($0.key)", $0.message) }
    }

    private func isSafe(_ server: String) -> Bool {
        guard server.hasPrefix("ldap://"), !startsTLS else { return true }
        let place = server.dropFirst("ldap://".count)
        return ["localhost", "127.0.0.1", "[::1]"].contains { place == $0 || place.hasPrefix("\($0):") }
    }

    /// - Parameter time: how long one answer may take.
    func settings(time: Duration, concurrentMax: Int) -> LDAPSettings {
        var settings = LDAPSettings(servers: servers, base: base, filter: filter)
        settings.startsTLS = startsTLS
        if let authorityFile { settings.authorityFile = authorityFile }
        if let reader, let readerPassword {
            settings.reader = LDAPSettings.Reader(name: reader, password: readerPassword)
        }
        settings.userName = userName
        settings.isExact = isExact
        settings.labels = labels.sorted { $0.key < $1.key }.map { name, label in
            var made = LDAPSettings.Label(name: name, attribute: label.attribute)
            made.takesCommonName = label.takesCommonName
            made.isLowercased = label.isLowercased
            return made
        }
        settings.groups = groups.groups
        settings.time = time
        settings.connections = min(settings.connections, concurrentMax)
        settings.waiting = concurrentMax
        return settings
    }
}

/// A label whose values are those of an attribute.
struct LDAPLabelSettings: ConfigurationSection {
    var attribute = ""
    var takesCommonName = false
    var isLowercased = false

    static var keys: [Key<Self>] {
        [
            .value("attribute", \.attribute, .text("an attribute such as `memberOf`"), isRequired: true),
            .value("parse_cn", \.takesCommonName, .flag),
            .value("lower_case", \.isLowercased, .flag),
        ]
    }
}

/// The search for groups; there is none without a label for them.
struct LDAPGroupSettings: ConfigurationSection {
    var label: String?
    var base: String?
    var filter = "(member=${dn})"
    var attribute = "cn"
    var nesting = LDAPSettings.Nesting.none
    var isLowercased = false

    static var keys: [Key<Self>] {
        [
            .value("label", \.label, .optional(.text("the name of a label"))),
            .value("base", \.base, .optional(.text("a name such as `ou=groups,dc=example,dc=com`"))),
            .value("filter", \.filter, .text("a filter such as `(member=${dn})`")),
            .value("attribute", \.attribute, .text("an attribute such as `cn`")),
            .value("nested", \.nesting, .choice),
            .value("lower_case", \.isLowercased, .flag),
        ]
    }

    fileprivate var problems: [(key: String, message: String)] {
        guard label != nil else {
            return base == nil ? [] : [("label", "is missing; name the label that holds the groups")]
        }
        switch nesting {
        case .none where !filter.contains("${dn}") && !filter.contains("${account}"):
            return [("filter", "holds neither `${dn}` nor `${account}`, so everybody is in the same groups")]
        case .walk where !filter.contains("${dn}") || filter.contains("${account}"):
            return [("filter", "groups in groups are found by `${dn}` alone, such as `(member=${dn})`")]
        case .activeDirectory where !filter.contains("member=${dn}"):
            return [("filter", "Active Directory follows `member=${dn}` alone; write it so")]
        default: return []
        }
    }

    fileprivate var groups: LDAPSettings.Groups? {
        guard let label else { return nil }
        var groups = LDAPSettings.Groups(label: label, base: base ?? "")
        groups.filter = filter
        groups.attribute = attribute
        groups.nesting = nesting
        groups.isLowercased = isLowercased
        return groups
    }
}

extension ValueKind<String> {
    fileprivate static var directoryServer: Self {
        ValueKind(
            text: "a server such as `ldaps://ldap.example.com` or `ldap://10.0.0.1:389`",
            parse: { text, _ in
                for scheme in ["ldap://", "ldaps://"] where text.hasPrefix(scheme) {
                    let place = text.dropFirst(scheme.count)
                    let isPlain = place.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                    return !place.isEmpty && isPlain && !place.contains("/") && !place.contains("?")
                        && !place.contains(",") ? text : nil
                }
                return nil
            },
            show: { $0 })
    }
}
