internal import Access
internal import Accounts

/// One of `accounts.sources`: somebody else who knows people.
struct SignInSourceSettings: ConfigurationSection {
    enum Kind: String, CaseIterable {
        case list = "static"
        case program
        case ldap
        case http
    }

    enum Fallback: String, CaseIterable {
        case stop
        case goOn = "go_on"
    }

    var name = ""
    var kind: Kind?
    var whenUnavailable = Fallback.stop
    var timeLimit = Duration.seconds(10)
    var concurrentMax = 64
    var users: [String: ListedUserSettings] = [:]
    var program = SourceProgramSettings()
    var ldap = LDAPSourceSettings()
    var http = AskedServerSettings()

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .sourceName, isRequired: true),
            .value("kind", \.kind, .optional(.choice), isRequired: true),
            .value("when_unavailable", \.whenUnavailable, .choice),
            .value("time_limit", \.timeLimit, .duration(.milliseconds(100) ... .seconds(60))),
            .value("concurrent_max", \.concurrentMax, .integer(1...1024)),
            .named("users", \.users),
            .section("program", \.program),
            .section("ldap", \.ldap),
            .section("http", \.http),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        var problems: [(key: String, message: String)] = []
        if kind != .list, !users.isEmpty {
            problems.append(("users", "only a source with `kind: static` has users of its own"))
        }
        if kind == .program { problems += program.problems.map { ("program.\($0.key)", $0.message) } }
        if kind != .program, !program.command.isEmpty {
            problems.append(("program", "only a source with `kind: program` asks one"))
        }
        if kind == .ldap {
            problems += ldap.problems.map { ("ldap.\($0.key)", $0.message) }
        } else if ldap.isSaid {
            problems.append(("ldap", "only a source with `kind: ldap` asks a directory"))
        }
        if kind == .http {
            problems += http.problems.map { ("http.\($0.key)", $0.message) }
        } else if http.isSaid {
            problems.append(("http", "only a source with `kind: http` asks a server"))
        }
        for name in users.keys.sorted() where (try? AccountName(name)) == nil {
            problems.append(("users.\(name)", "is not the name of an account"))
        }
        return problems
    }

    /// The people of a static list.
    var people: [AccountName: ListedPeople.Person] {
        var people: [AccountName: ListedPeople.Person] = [:]
        for (name, user) in users {
            guard let account = try? AccountName(name) else { continue }
            people[account] = ListedPeople.Person(
                hash: PasswordHash(storedText: user.password),
                labels: user.labels.mapValues { $0.map { LabelValue($0) } })
        }
        return people
    }
}

/// Somebody in the list of a static source.
struct ListedUserSettings: ConfigurationSection {
    var password = ""
    var labels: [String: [String]] = [:]

    static var keys: [Key<Self>] {
        [
            .value("password", \.password, .currentHash, isRequired: true),
            .named("labels", \.labels, .list(of: .text("a value"))),
        ]
    }
}

/// The program that a source asks.
struct SourceProgramSettings: ConfigurationSection {
    enum Format: String, CaseIterable {
        case dockerAuth = "docker_auth"
        case json
    }

    var command = ""
    var arguments: [String] = []
    var format = Format.dockerAuth

    static var keys: [Key<Self>] {
        [
            .value("command", \.command, .text("the name of a program")),
            .value("arguments", \.arguments, .list(of: .text("an argument"))),
            .value("format", \.format, .choice),
        ]
    }

    /// What is wrong when this is a program that is asked.
    var problems: [(key: String, message: String)] {
        guard !command.isEmpty else { return [("command", "is missing; name the program")] }
        guard !ProgramPath.isThere(command) else { return [] }
        return [("command", "there is no program `\(command)` that may be run")]
    }
}

extension ValueKind<String> {
    /// What a source is called in the log, in numbers and at `/readyz`.
    static var sourceName: Self {
        ValueKind(
            text: "a name of 1 to 50 of `a-z 0-9 _ -`",
            parse: { text, _ in
                let isName = text.utf8.allSatisfy { byte in
                    (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F
                        || byte == 0x2D
                }
                return isName && (1...50).contains(text.utf8.count) ? text : nil
            },
            show: { $0 })
    }

    /// A hash that a password can be checked against, which `show` keeps to itself.
    fileprivate static var currentHash: Self {
        ValueKind(
            text: "the hash of a password such as `htpasswd -nB NAME` makes",
            parse: { text, _ throws(ValueProblem) in
                let scheme = PasswordScheme(of: PasswordHash(storedText: text))
                guard let scheme, PasswordScheme.current.contains(scheme) else {
                    throw ValueProblem(
                        "is no hash of a password that is strong enough; `htpasswd -nB NAME` makes one")
                }
                return text
            },
            show: { $0.isEmpty ? "" : "(a hash)" })
    }
}
