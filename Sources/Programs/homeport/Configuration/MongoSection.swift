internal import Access
internal import FoundationEssentials
internal import MongoStore
internal import ServerKit

/// `mongodb:` where accounts, rules, tokens and keys are kept instead of in the database of the data folder.
struct MongoSection: ConfigurationSection {
    /// How patterns of the rules there are read.
    enum RuleStyle: String, CaseIterable {
        case homeport
        case dockerAuth = "docker_auth"
    }

    /// What is in there.
    enum Keeps: String, CaseIterable {
        /// Accounts, rules, tokens and keys.
        case accounts
        /// Those, and all that a registry knows: what servers share.
        case everything
    }

    private static let standard = MongoSettings(hosts: [], database: "homeport")

    var hosts: [String] = []
    var keeps = Keeps.accounts
    var database = standard.database
    var replicaSet: String?
    var userName: String?
    var password: Secret?
    var authSource: String?
    var mechanism: MongoSettings.Login.Mechanism?
    var usesTLS = false
    var authorities: String?
    var certificate: String?
    var connectTimeout = standard.connectTimeout
    var timeout = standard.timeout
    var cacheTime = standard.cacheTime
    var connections = standard.connections
    var startWait = Duration.seconds(60)
    var ruleStyle = RuleStyle.homeport
    var collections = MongoCollectionsSection()

    static var keys: [Key<Self>] {
        [
            .value("hosts", \.hosts, .list(of: .mongoHost)),
            .value("database", \.database, .mongoDatabase),
            .value("keeps", \.keeps, .choice),
            .value("replica_set", \.replicaSet, .optional(.text("the name of a replica set"))),
            .value("username", \.userName, .optional(.text("the name of a user"))),
            .value("password_file", \.password, .optional(.secretFile)),
            .value("auth_source", \.authSource, .optional(.mongoDatabaseOrExternal)),
            .value("mechanism", \.mechanism, .optional(.choice)),
            .value("tls", \.usesTLS, .flag),
            .value("ca_file", \.authorities, .optional(.path("the name of a file with certificates"))),
            .value("certificate_file", \.certificate, .optional(.path("the name of a file in PEM"))),
            .value("connect_timeout", \.connectTimeout, .duration(.milliseconds(100) ... .seconds(10))),
            .value("timeout", \.timeout, .duration(.milliseconds(100) ... .seconds(10))),
            .value("cache_ttl", \.cacheTime, .duration(.seconds(1) ... .seconds(3600))),
            .value("connections", \.connections, .integer(1...100)),
            .value("start_wait", \.startWait, .duration(.seconds(0) ... .seconds(3600))),
            .value("rule_style", \.ruleStyle, .choice),
            .section("collections", \.collections),
        ]
    }

    /// Whether it is used at all.
    var isNamed: Bool { !hosts.isEmpty }

    /// Whether all facts are shared with other servers.
    var sharesFacts: Bool { isNamed && keeps == .everything }

    func contradictions() -> [(key: String, message: String)] {
        var problems: [(key: String, message: String)] = []
        func refuse(_ key: String, _ message: String) { problems.append((key, message)) }
        let hasName = userName != nil
        if !isNamed, hasName || usesTLS || replicaSet != nil || password != nil {
            refuse("hosts", "is missing; name the servers: `hosts: [mongo1.example.com:27017]`")
        }
        if !isNamed, keeps == .everything {
            refuse("keeps", "there is no MongoDB; name its servers in `mongodb.hosts`")
        }
        if password != nil, !hasName { refuse("password_file", "there is no `mongodb.username` to it") }
        if mechanism != nil, !hasName { refuse("mechanism", "there is no `mongodb.username` to it") }
        if authSource != nil, !hasName { refuse("auth_source", "there is no `mongodb.username` to it") }
        if hasName, password == nil, mechanism != .x509 {
            refuse("username", "has no password; name the file that holds it in `mongodb.password_file`")
        }
        if mechanism == .x509, certificate == nil {
            refuse("mechanism", "shows a certificate; name it in `mongodb.certificate_file`")
        }
        if mechanism == .plain, !usesTLS {
            refuse("mechanism", "sends the password as it is; set `mongodb.tls: true`, or leave it out")
        }
        for (key, file) in [("ca_file", authorities), ("certificate_file", certificate)] {
            guard let file else { continue }
            if !usesTLS {
                refuse(key, "is for TLS, which is not spoken; set `mongodb.tls: true`, or leave it out")
            } else if !FileManager.default.isReadableFile(atPath: file) {
                refuse(key, "the file `\(file)` is not there, or cannot be read")
            }
        }
        return problems
    }

    var settings: MongoSettings {
        var settings = MongoSettings(hosts: hosts, database: database)
        settings.replicaSet = replicaSet
        if let userName {
            settings.login = MongoSettings.Login(
                user: userName, password: password, source: authSource, mechanism: mechanism)
        }
        if usesTLS { settings.tls = MongoSettings.TLS(authorities: authorities, certificate: certificate) }
        settings.connectTimeout = connectTimeout
        settings.timeout = timeout
        settings.cacheTime = cacheTime
        settings.connections = connections
        settings.collections = collections.names
        return settings
    }

    var policyStyle: PolicyStyle { ruleStyle == .dockerAuth ? .dockerAuth : .homeport }

    /// What a backup of the data does not hold.
    var notInBackups: String {
        "not in it: accounts, rules, tokens, keys and their changes, which are in the database \(database) of "
            + "\(words); `mongodump --db \(database)` saves them"
    }

    /// `MongoDB on mongo1:27017, mongo2:27017`.
    var words: String { "MongoDB on \(hosts.joined(separator: ", "))" }
}

/// `mongodb.collections:` what they are called.
struct MongoCollectionsSection: ConfigurationSection {
    var names = MongoSettings.Collections()

    static var keys: [Key<Self>] {
        [
            .value("users", \.names.users, .mongoCollection),
            .value("rules", \.names.rules, .mongoCollection),
            .value("tokens", \.names.tokens, .mongoCollection),
            .value("keys", \.names.keys, .mongoCollection),
            .value("audit", \.names.audit, .mongoCollection),
            .value("counters", \.names.counters, .mongoCollection),
            .value("facts", \.names.facts, .mongoCollection),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        let all = [
            names.users, names.rules, names.tokens, names.keys, names.audit, names.counters, names.facts,
        ]
        let isTwice = Set(all).count < all.count
        return isTwice ? [("users", "two collections have the same name; each needs its own")] : []
    }
}

extension ValueKind<String> {
    /// One server of a MongoDB.
    static var mongoHost: Self {
        ValueKind(
            text: "a server such as `mongo1.example.com:27017`",
            parse: { text, _ throws(ValueProblem) in
                if text.hasPrefix("mongodb://") || text.hasPrefix("mongodb+srv://") {
                    throw ValueProblem(
                        "is an address with everything in it; name the servers alone, such as "
                            + "`mongo1.example.com:27017`, and the rest by the keys beside")
                }
                return MongoSettings.isHost(text) ? text : nil
            },
            show: { $0 })
    }

    static var mongoDatabase: Self {
        ValueKind(
            text: "the name of a database", parse: { text, _ in isDatabase(text) ? text : nil }, show: { $0 })
    }

    fileprivate static var mongoDatabaseOrExternal: Self {
        ValueKind(
            text: "the name of a database, or `$external`",
            parse: { text, _ in isDatabase(text) || text == "$external" ? text : nil }, show: { $0 })
    }

    static var mongoCollection: Self {
        ValueKind(
            text: "the name of a collection",
            parse: { text, _ in
                let isName = text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "$") && $0 != 0x7F }
                return isName && (1...100).contains(text.utf8.count) && !text.hasPrefix("system.")
                    ? text : nil
            }, show: { $0 })
    }

    private static func isDatabase(_ text: String) -> Bool {
        let refused = Set("/\\. \"$*<>:|?".utf8)
        let isName = text.utf8.allSatisfy { $0 > 0x20 && !refused.contains($0) && $0 != 0x7F }
        return isName && (1...63).contains(text.utf8.count)
    }
}
