internal import ServerKit

/// One of `accounts.authorizers`: somebody else who decides where no rule does.
struct AuthorizerSettings: ConfigurationSection {
    enum Kind: String, CaseIterable {
        case program, http
    }

    var name = ""
    var kind: Kind?
    var whenUnavailable = SignInSourceSettings.Fallback.stop
    var timeLimit = Duration.seconds(10)
    var concurrentMax = 64
    var cacheTime = Duration.seconds(10)
    var program = SourceProgramSettings()
    var http = AskedServerSettings()

    static var keys: [Key<Self>] {
        [
            .value("name", \.name, .sourceName, isRequired: true),
            .value("kind", \.kind, .optional(.choice), isRequired: true),
            .value("when_unavailable", \.whenUnavailable, .choice),
            .value("time_limit", \.timeLimit, .duration(.milliseconds(100) ... .seconds(60))),
            .value("concurrent_max", \.concurrentMax, .integer(1...1024)),
            .value("cache_time", \.cacheTime, .duration(.seconds(0) ... .seconds(3600))),
            .section("program", \.program),
            .section("http", \.http),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        var problems: [(key: String, message: String)] = []
        if kind == .program {
            problems += program.problems.map { ("program.\($0.key)", $0.message) }
        } else if !program.command.isEmpty {
            problems.append(("program", "only an authorizer with `kind: program` asks one"))
        }
        if kind == .http {
            problems += http.problems.map { ("http.\($0.key)", $0.message) }
        } else if http.isSaid {
            problems.append(("http", "only an authorizer with `kind: http` asks a server"))
        }
        return problems
    }
}
