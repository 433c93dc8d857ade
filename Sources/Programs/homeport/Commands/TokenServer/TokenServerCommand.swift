internal import Accounts
internal import ArgumentParser
internal import CoreMetrics
internal import Edge
internal import FoundationEssentials
internal import IdentityProviders
internal import Logging
internal import MongoStore
internal import ServerKit

struct TokenServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token-server",
        abstract: "Be the token server of a registry, from an unchanged configuration of docker_auth.",
        discussion: """
            Every key is understood, rules mean what they meant, and tokens have the same form. A key that is not \
            known, a certificate that does not belong to its key and whatever else cannot be served is said, with its \
            line, before anything listens. What is dangerous in the configuration is said too, and goes on; --safe has \
            it otherwise.

            A file that changes is read again within two seconds, and at once at SIGHUP. See docs/docker-auth.md.
            """)

    @Argument(
        help: ArgumentHelp("The configuration of docker_auth.", valueName: "auth_config.yml"),
        completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp(
            "A dangerous behaviour of docker_auth to leave away; can be given more than once.",
            valueName: "what"))
    var safe: [DockerAuthOptions.Safety] = []

    @Option(
        help: ArgumentHelp(
            "Who may say in server.real_ip_header who the client is; can be given more than once.",
            valueName: "range"))
    var trustedProxy: [String] = []

    @Option(
        help: ArgumentHelp(
            "A service to issue tokens for, and no others; can be given more than once.", valueName: "name"))
    var service: [String] = []

    @Option(help: "How tokens name their key: with the certificate, or by its identifier alone.")
    var keyName = DockerAuthOptions.KeyName.x5c

    @Option(
        help: ArgumentHelp(
            "For how long a password that was right is believed, also one of ext_auth and ldap_auth, which otherwise are asked "
                + "each time; 0s for no password at all.", valueName: "time"))
    var passwordCache: String?

    @Option(
        help: ArgumentHelp(
            "Where browsers come, https://auth.example.com, where neither the configuration nor a proxy says it.",
            valueName: "address"))
    var publicURL: String?

    @Option(
        help: ArgumentHelp(
            "After how long Google and OpenID providers are asked again about whoever has signed in by browser.",
            valueName: "time"))
    var recheckTime = "15m"

    @Flag(help: "Only say what is wrong and what is dangerous.")
    var check = false

    @OptionGroup(title: "Limits") var limits: DockerAuthLimits

    @OptionGroup(title: "Flags of docker_auth") var glog: GlogOptions

    func run() async throws {
        let surroundings = Surroundings.current
        let plan = try DockerAuthPlan(
            try DockerAuthFile.load(file), options: try options(), now: surroundings.now())
        for note in plan.notes { surroundings.terminal.note(printable(note.description(file: file))) }
        guard !check else {
            let databases = try DockerAuthDatabases(plan.mongo, style: plan.style, now: surroundings.now)
            for (key, store) in [("mongo_auth", databases.users), ("acl_mongo", databases.rules)] {
                guard let store else { continue }
                let problem = await store.problem()
                surroundings.terminal.note(
                    printable(problem.map { "\(key) cannot be asked: \($0)" } ?? "\(key) can be asked."))
            }
            surroundings.terminal.note("The configuration can be served: \(printable(file)).")
            if let directory = plan.directory {
                let trouble = await directory.trouble().map { "cannot be asked: \($0)" } ?? "can be asked"
                surroundings.terminal.note("The directory of ldap_auth \(printable(trouble)).")
            }
            await look(at: plan.browser, surroundings)
            return
        }
        ProcessLog.use(LogSettings(level: glog.level, format: .text))
        let metrics = PrometheusMetrics()
        ProcessMetrics.begin(metrics)
        let guardian = try DockerAuthDoor(
            limits, folder: limits.data ?? plan.browser.folder,
            proxies: (plan.options.trustedProxies ?? []).map(\.range), now: surroundings.now)
        let server = try DockerAuthServing(plan, guardian: guardian, metrics: metrics, now: surroundings.now)
        do {
            try await server.run { surroundings.terminal.print($0) }
        } catch let error as ListenError {
            guard case .network(let address) = plan.place else {
                throw CommandFailure.unreachable("listening on \(plan.place) failed: \(error.reason)")
            }
            throw ServeCommand.failure(error, .address(address))
        }
    }

    /// Says whether the providers can be asked.
    private func look(at browser: DockerAuthBrowserPlan, _ surroundings: Surroundings) async {
        let client = ProviderClient(authorityFile: nil)
        for provider in browser.providers {
            let trouble = await WebProvider(provider.description, send: client.send).trouble()
            let words = trouble.map { "cannot be asked: \($0)" } ?? "can be asked"
            surroundings.terminal.note("The provider of \(provider.description.name) \(printable(words)).")
        }
        try? await client.shutDown()
    }

    private func options() throws -> DockerAuthOptions {
        var options = DockerAuthOptions()
        options.data = limits.data
        if let publicURL {
            guard let url = PublicURL(publicURL) else {
                throw CommandFailure.usage(
                    "--public-url: `\(publicURL)` is no scheme and host such as https://auth.example.com")
            }
            options.publicURL = url
        }
        guard let recheck = DurationText.parse(recheckTime), recheck >= .seconds(1) else {
            throw CommandFailure.usage(
                "--recheck-time: `\(recheckTime)` is no time; write it like 15m, 1h or 1d")
        }
        options.recheckTime = recheck
        options.safety = Set(safe)
        options.keyName = keyName
        options.services = service
        if let passwordCache {
            guard let time = DurationText.parse(passwordCache), time <= .seconds(3600) else {
                throw CommandFailure.usage(
                    "--password-cache: `\(passwordCache)` is no time up to an hour; write it like 60s or 5m")
            }
            options.passwordCacheTime = time
        }
        options.requestsPerAccount = limits.requestsPerAccount
        if !trustedProxy.isEmpty {
            options.trustedProxies = try trustedProxy.map { text in
                guard let range = TrustedRange(text) else {
                    throw CommandFailure.usage(
                        "--trusted-proxy: `\(text)` is no address and no range such as 10.0.0.0/8")
                }
                return range
            }
        }
        return options
    }
}

/// The flags that docker_auth has from its log library. Logs go to standard error whatever they say.
struct GlogOptions: ParsableArguments {
    @Option(name: .customLong("v"), help: ArgumentHelp("2 and more log everything.", valueName: "level"))
    var verbosity = 0

    @Flag(name: .customLong("logtostderr"), help: "Accepted: logs go to standard error anyway.")
    var logToStandardError = false

    @Flag(name: .customLong("alsologtostderr"), help: "Accepted, likewise.")
    var alsoLogToStandardError = false

    @Option(
        name: .customLong("log_dir"),
        help: ArgumentHelp("Accepted, and no files are written.", valueName: "folder"))
    var logFolder: String?

    @Option(name: .customLong("stderrthreshold"), help: ArgumentHelp("Accepted.", valueName: "level"))
    var standardErrorThreshold: String?

    @Option(name: .customLong("vmodule"), help: ArgumentHelp("Accepted.", valueName: "list"))
    var moduleVerbosity: String?

    @Option(name: .customLong("log_backtrace_at"), help: ArgumentHelp("Accepted.", valueName: "place"))
    var backtracePlace: String?

    var level: Logger.Level { verbosity >= 2 ? .debug : .info }

    private static let flags: Set<String> = ["logtostderr", "alsologtostderr"]
    private static let options: Set<String> = [
        "v", "log_dir", "stderrthreshold", "vmodule", "log_backtrace_at",
    ]

    /// The command line with docker_auth's flags as this program writes them: Go takes one hyphen or two, and
    /// `-logtostderr=true`.
    static func translated(_ arguments: [String]) -> [String] {
        guard arguments.first == TokenServerCommand.configuration.commandName else { return arguments }
        return arguments.flatMap { argument -> [String] in
            let name = argument.drop { $0 == "-" }
            let hyphens = argument.count - name.count
            let parts = name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard (1...2).contains(hyphens), let flag = parts.first.map(String.init) else {
                return [argument]
            }
            if flags.contains(flag) {
                let isOn = parts.count == 1 || ["1", "t", "true"].contains(parts[1].lowercased())
                return isOn ? ["--\(flag)"] : []
            }
            return options.contains(flag) ? ["--" + name] : [argument]
        }
    }
}
