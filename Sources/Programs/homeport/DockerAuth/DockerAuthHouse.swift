internal import Accounts
internal import Doorkeeper
internal import FoundationEssentials
internal import HTTPKit
internal import IdentityProviders
internal import Logging
internal import SQLiteStore
internal import ServerKit
internal import SignInAPI
internal import TLSKit
internal import TokenAPI

/// A docker_auth configuration as it is served, and served anew when its file or its key changes.
///
/// A file that is no good changes nothing: what was served before goes on being served.
actor DockerAuthHouse {
    nonisolated let door: TokenDoor
    private let options: DockerAuthOptions
    /// Where failed sign-ins count; nil where they do not.
    private let bans: BanList?
    /// Where people who sign in by browser are kept with their tokens; nil where there is no folder.
    private let store: SQLiteStore?
    /// What providers are asked with.
    private let client = ProviderClient(authorityFile: nil)
    private let threads: BlockingThreads
    /// For reading the configuration, which nobody who signs in has to wait for.
    private let files = BlockingThreads(count: 1, queueMax: 4)
    private let now: @Sendable () -> Date
    private let log = Logger(label: "homeport.docker_auth")
    private var plan: DockerAuthPlan
    private var databases: DockerAuthDatabases
    private var services: AccountServices
    /// Providers are being asked about people.
    private var asking: Task<Void, any Error>?
    /// The files as they are served, and as they were at the last look: one that is being written is left alone
    /// until it stays the same.
    private var served: CertificateFiles.State
    private var seen: CertificateFiles.State
    private var lastWarning: Date?

    private static let warningInterval: TimeInterval = 86_400

    init(
        _ plan: DockerAuthPlan, store: SQLiteStore?, bans: BanList?, now: @escaping @Sendable () -> Date
    ) throws {
        let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let threads = BlockingThreads(
            count: cores, queueMax: 64 * cores, niceness: PasswordHasher.niceness)
        self.threads = threads
        self.plan = plan
        self.options = plan.options
        self.now = now
        self.bans = bans
        self.store = store
        served = Self.state(of: plan)
        seen = served
        let databases = try DockerAuthDatabases(plan.mongo, style: plan.style, now: now)
        self.databases = databases
        let services = AccountServices(
            plan, databases, threads: threads, store: store, client: client, bans: bans, now: now)
        self.services = services
        door = TokenDoor(plan.content(services))
    }

    /// Looks for the databases that are asked, before anything listens.
    func begin() async { await databases.begin(plan.hazards) }

    func end() async {
        databases.end()
        try? await client.shutDown()
    }

    /// What is to be known of the databases that are asked.
    func databaseConcern() -> String? { databases.concern }

    /// Looks at the files, and serves them anew when they have changed.
    ///
    /// - Parameter atOnce: whether somebody says that they have.
    func look(atOnce: Bool = false) async {
        warn()
        let (before, options, now) = (plan, options, now)
        guard let state = try? await files.run({ Self.state(of: before) }) else { return }
        let isSettled = state != served && state == seen
        seen = state
        guard atOnce || isSettled else { return }
        served = state
        do {
            let changed = try await files.run {
                try DockerAuthPlan(try DockerAuthFile.load(before.file.path), options: options, now: now())
            }
            try await take(changed, state)
        } catch {
            let problems = (error as? ConfigurationError).map { error in
                error.problems.map { $0.description(file: error.file) }
            }
            for problem in problems ?? ["\(error)"] {
                log.error(
                    "the configuration has changed and cannot be taken; the one from before stays",
                    metadata: ["problem": "\(problem)"])
            }
        }
    }

    /// What is to be known of the certificate in tokens; nil while it is long good.
    func concern() -> String? {
        let moment = now()
        guard plan.keyEnds < moment.addingTimeInterval(DockerAuthPlanner.warningTime) else { return nil }
        return plan.keyEnds <= moment
            ? "the certificate in tokens has expired" : "the certificate in tokens expires soon"
    }

    /// What keeps the directory from being asked; nil when nothing does, and where there is none.
    func directoryConcern() async -> String? { await plan.directory?.trouble() }

    /// Has providers asked about everybody who is due.
    func askAgain() async throws {
        guard let browser = services.browser, asking == nil else { return }
        let task = Task { try await browser.askAgain() }
        asking = task
        defer { asking = nil }
        try await task.value
    }

    /// Looks whether the providers can be asked.
    func lookAtProviders() async { await services.browser?.look() }

    /// What keeps providers from being asked; nil when nothing does, and where there are none.
    func providerConcern() -> String? {
        guard let browser = services.browser else { return nil }
        let troubles = browser.choices.compactMap { choice in
            browser.trouble(of: choice.name).map { "\(choice.name): \($0)" }
        }
        return troubles.isEmpty ? nil : troubles.joined(separator: "; ")
    }

    func removeExpiredTokens() async throws {
        if store != nil { _ = try await services.tokens.removeExpired() }
    }

    /// Once a day while there is something.
    private func warn() {
        let moment = now()
        guard let concern = concern(),
            lastWarning.map({ moment.timeIntervalSince($0) >= Self.warningInterval }) ?? true
        else { return }
        lastWarning = moment
        log.warning(
            "\(concern); renew it",
            metadata: ["file": "\(plan.keyFiles.certificate)", "end": "\(plan.keyEnds.formatted(.iso8601))"])
    }

    /// - Parameter state: the files as they were before they were read.
    private func take(_ changed: DockerAuthPlan, _ state: CertificateFiles.State) async throws {
        guard changed.browser.providers.isEmpty || store != nil else {
            throw CommandFailure.refused(
                "people sign in by browser now, and there is no folder for their tokens yet: start anew")
        }
        if changed.browser.folder != plan.browser.folder {
            log.warning("where the tokens of people are kept has changed, and counts after a restart")
        }
        if changed.mongo != plan.mongo {
            let others = try DockerAuthDatabases(changed.mongo, style: changed.style, now: now)
            await others.begin(changed.hazards)
            databases.end()
            databases = others
        }
        if changed.place != plan.place || changed.addressHeader != plan.addressHeader {
            log.warning(
                "where to listen and how clients are told apart has changed, and counts after a restart",
                metadata: ["file": "\(changed.file.path):\(changed.file.line(of: "server"))"])
        }
        for note in changed.notes
        where !plan.notes.contains(where: { $0.text == note.text && $0.key == note.key }) {
            log.warning("worth knowing", metadata: ["note": "\(note.description(file: changed.file.path))"])
        }
        // What a provider gives for the next question is written down before anybody reads it anew.
        while let asking {
            _ = await asking.result
            await Task.yield()
        }
        services = AccountServices(
            changed, databases, threads: threads, store: store, client: client, bans: bans, now: now)
        door.replace(with: changed.content(services))
        // What has changed since is seen at the next look.
        served = changed.keyFiles == plan.keyFiles ? state : Self.state(of: changed)
        plan = changed
        log.notice(
            "the configuration has changed and is served",
            metadata: ["accounts": "\(changed.accounts.count)", "rules": "\(changed.rules.count)"])
    }

    private static func state(of plan: DockerAuthPlan) -> CertificateFiles.State {
        CertificateFiles.State(of: [plan.file.path, plan.keyFiles.certificate, plan.keyFiles.key])
    }
}

extension DockerAuthPlan {
    fileprivate var hazards: DockerAuthHazards {
        DockerAuthHazards(options: options, knowsClients: addressHeader != nil)
    }

    func content(_ services: AccountServices) -> TokenDoor.Content {
        TokenDoor.Content(
            prefix: prefix, greeting: issuer, needsAddress: addressHeader != nil,
            tokens: TokenAPI(service: services.tokenService, keys: services.keys, realm: issuer),
            pages: services.browser.map { SignInFace($0, settings: browser.pages) })
    }
}

extension AccountServices {
    /// The services that answer as a docker_auth configuration says.
    init(
        _ plan: DockerAuthPlan, _ databases: DockerAuthDatabases, threads: BlockingThreads,
        store: SQLiteStore?, client: ProviderClient, bans: BanList?, now: @escaping @Sendable () -> Date
    ) {
        var issuer = TokenIssuer.Settings(
            issuer: plan.issuer, lifetime: plan.lifetime, keyForm: plan.keyForm)
        issuer.isPlain = true
        let services = plan.options.services
        var settings = AccountServices.Settings(
            issuer: issuer, services: services.isEmpty ? [plan.issuer] : services)
        settings.acceptsAnyService = services.isEmpty
        // There is nowhere to keep them, and clients go on without.
        settings.issuesRefreshTokens = false
        settings.expandsActions = plan.options.isSafe(.actions)
        settings.policyStyle = plan.style
        settings.hashCost = plan.hashCost
        settings.signIn.opensWithoutPassword = !plan.options.isSafe(.passwords)
        if let time = plan.options.passwordCacheTime {
            settings.signIn.verifiedLifetime = Int(time.components.seconds)
            settings.signIn.remembersSources = time > .zero
        }
        settings.sources = plan.sources
        if let users = databases.users, plan.hasOtherSources {
            settings.sources.append(
                StoredPeople(
                    "mongo_auth", users, hasher: PasswordHasher(cost: plan.hashCost, threads: threads),
                    opensWithoutPassword: settings.signIn.opensWithoutPassword, now: now))
        }
        settings.decider = plan.decider
        settings.requestsPerMinute = plan.options.requestsPerAccount
        if let store { settings.browser = plan.browser.settings(client, store: store, now: now) }
        self.init(
            DockerAuthStore(plan, databases).stores(people: store), settings: settings, threads: threads,
            onSignIn: { event in
                SignInMetrics.count(event.outcome)
                if event.outcome != .signedIn { bans?.noteFailure(from: event.address) }
            }, now: now)
    }
}

extension DockerAuthPlan {
    /// The cost that every refusal takes: that of the dearest hash there is.
    fileprivate var hashCost: Int {
        let costs = accounts.compactMap { account in
            account.passwordHash?.storedText.split(separator: "$").dropFirst().first.flatMap { Int($0) }
        }
        return costs.max() ?? PasswordHasher.defaultCost
    }
}
