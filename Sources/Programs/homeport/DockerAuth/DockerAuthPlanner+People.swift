internal import Access
internal import Accounts
internal import FoundationEssentials

/// Who may sign in, and what they may do.
extension DockerAuthPlanner {
    /// The accounts of `users`.
    mutating func users() -> [Account] {
        var accounts: [Account] = []
        for (name, user) in values.users.sorted(by: { $0.key < $1.key }) {
            let key = "users.\(name)"
            guard let account = accountName(name, key) else { continue }
            let hash = user.password.map { PasswordHash(storedText: $0) }
            if let hash { check(hash, key) }
            if hash == nil, !account.isAnonymous {
                note(
                    key,
                    options.isSafe(.passwords)
                        ? "has no password, so nobody signs in as it"
                        : "has no password, so everybody signs in as it, with any; `--safe passwords` lets nobody in"
                )
            }
            if hash != nil, account.isAnonymous {
                refuse(key, "whoever has not signed in shows no password; leave it out: `\"\": {}`")
            }
            accounts.append(
                Account(
                    name: account, passwordHash: hash,
                    labels: user.labels.mapValues { $0.map { LabelValue($0) } }, createdAt: now))
        }
        return accounts
    }

    private mutating func accountName(_ name: String, _ key: String) -> AccountName? {
        if name.isEmpty { return .anonymous }
        do throws(AccessError) {
            return try AccountName(name)
        } catch {
            refuse(key, error.description)
            return nil
        }
    }

    private mutating func check(_ hash: PasswordHash, _ key: String) {
        let password = "\(key).password"
        switch PasswordScheme(of: hash) {
        case .bcrypt?:
            let cost = hash.storedText.split(separator: "$").dropFirst().first.flatMap { Int($0) } ?? 0
            if cost > PasswordHasher.costs.upperBound {
                note(password, "each sign-in takes long with a cost of \(cost); 10 to 12 is usual")
            }
            guard cost < PasswordHasher.costs.lowerBound else { return }
            note(
                password,
                "the hash is cheap to guess for whoever reads this file; `htpasswd -nB -C 10 NAME` makes a better one"
            )
        case nil:
            note(
                password,
                "is no hash of a password, so nobody signs in with it; `htpasswd -nB NAME` makes one")
        case let scheme?:
            if !PasswordScheme.current.contains(scheme) {
                note(
                    password,
                    "a hash of the kind \(scheme) is too weak to be taken; `htpasswd -nB NAME` makes one")
            }
        }
    }

    /// The rules of `acl`, numbered from 1 on in their order.
    mutating func rules() -> [Rule] {
        let style = PolicyStyle.dockerAuth(
            interpretsValues: !options.isSafe(.values), anchorsRegexes: options.isSafe(.regexes))
        var rules: [Rule] = []
        for (index, entry) in values.acl.enumerated() {
            let key = "acl[\(index)]"
            guard file.names("\(key).match") else {
                refuse(key, "has no `match`; write `match: {}` for everybody")
                continue
            }
            let rule = Rule(
                seq: index + 1, match: entry.match.conditions, actions: entry.actions, comment: entry.comment)
            do throws(AccessError) {
                _ = try Policy(rules: [rule], style: style)
                rules.append(rule)
            } catch {
                let (field, message) = Self.parts(of: error.description)
                refuse(Self.path(of: field, under: key), message)
            }
        }
        if problems.isEmpty, let policy = try? Policy(rules: rules, style: style) { note(policy.hazards) }
        return rules
    }

    private mutating func note(_ found: [RuleHazard]) {
        let hazards = DockerAuthHazards(options: options, knowsClients: !values.server.realIPHeader.isEmpty)
        for hazard in found {
            let match = values.acl[hazard.seq - 1].match.conditions
            guard let words = hazards.words(hazard, of: match) else { continue }
            note(Self.path(of: hazard.field, under: "acl[\(hazard.seq - 1)]"), words)
        }
    }

    /// The field and the sentence of `rule 3, account: …`.
    private static func parts(of text: String) -> (field: String, message: String) {
        guard let comma = text.firstRange(of: ", "), let colon = text.firstRange(of: ": "),
            comma.upperBound < colon.lowerBound
        else { return ("", text) }
        return (String(text[comma.upperBound..<colon.lowerBound]), String(text[colon.upperBound...]))
    }

    /// Where a field of a rule stands in the file.
    private static func path(of field: String, under key: String) -> String {
        switch field {
        case "", "seq": key
        case "actions", "match": "\(key).\(field)"
        default: "\(key).match.\(field)"
        }
    }

    // MARK: Where they come from

    /// Refuses what cannot be served, and files that leave nobody in.
    mutating func checkSources() {
        for (key, reason) in Self.refused where file.names(key) { refuse(key, reason) }
        for (key, program) in [("ext_auth", values.program), ("ext_authz", values.programACL)]
        where file.names(key) && !ProgramPath.isThere(program.command) {
            refuse("\(key).command", "there is no program `\(program.command)` that may be run")
        }
        let people = [
            "users", "ext_auth", "google_auth", "github_auth", "oidc_auth", "gitlab_auth", "ldap_auth",
            "mongo_auth", "xorm_auth", "plugin_authn",
        ]
        if !people.contains(where: file.names) {
            refuse("", "says nobody who may sign in: \(people.prefix(2).joined(separator: ", ")) or another")
        }
        let rules = ["acl", "acl_mongo", "acl_xorm", "ext_authz", "plugin_authz", "casbin_authz"]
        if !rules.contains(where: file.names) {
            refuse("", "grants nothing to anybody: there is no acl, acl_mongo or ext_authz")
        }
    }

    private static let refused: [(key: String, reason: String)] = [
        (
            "plugin_authn",
            "a plugin in Go can be loaded by no other program; make it a program of its own for `ext_auth`"
        ),
        (
            "plugin_authz",
            "a plugin in Go can be loaded by no other program; make it a program of its own for `ext_authz`"
        ),
        ("casbin_authz", "models of Casbin are not understood here; write their rules as `acl`"),
        (
            "xorm_auth",
            "databases of SQL are not asked here; write their users as `users`, or put a program before them for "
                + "`ext_auth`"
        ),
        (
            "acl_xorm",
            "databases of SQL are not asked here; write their rules as `acl`, or put a program before them for "
                + "`ext_authz`"
        ),
    ]
}

extension DockerAuthMatch {
    /// The conditions as rules have them.
    var conditions: Rule.Match {
        Rule.Match(
            account: account, type: type, name: name, service: service, ip: address, labels: labels)
    }
}
