internal import Access
internal import Accounts
internal import Edge
internal import ExternalPrograms
internal import ExternalServers
internal import FoundationEssentials
internal import LDAPDirectory
internal import Logging
internal import ServerKit
internal import ServiceLifecycle
internal import Synchronization
internal import TLSKit

/// The sources of a configuration, made ready to be asked, in their order.
struct SignInSources: Sendable {
    let watched: [WatchedSource]
    private let lists: [String: ListedPeople]
    private let servers: [AnsweringServer]
    /// Reads the lists anew when the file of the configuration changes, and lets go of connections.
    let engine: Engine?

    static let none = SignInSources(watched: [], lists: [:], servers: [], file: nil)

    /// - Parameter file: where the lists stand.
    private init(
        watched: [WatchedSource], lists: [String: ListedPeople], servers: [AnsweringServer], file: String?
    ) {
        self.watched = watched
        self.lists = lists
        self.servers = servers
        var services: [any Service] = []
        if let file, !lists.isEmpty {
            let watch = ListWatch(file: file, lists: lists)
            services = [Maintenance(name: "sign-in lists", every: .seconds(1)) { await watch.look() }]
        }
        guard !services.isEmpty || !servers.isEmpty else {
            engine = nil
            return
        }
        engine = Engine("sign-in sources", services) {
            for server in servers { await server.shutDown() }
        }
    }

    /// The sources of other values: the very same, where they have not changed but for who is in the lists.
    func succeeded(
        by values: Configuration, insteadOf before: Configuration, file: String?, threads: BlockingThreads
    ) throws -> SignInSources {
        let isSame =
            values.accounts.sources.map(\.withoutPeople) == before.accounts.sources.map(\.withoutPeople)
            && values.accounts.hashCost == before.accounts.hashCost
        return isSame ? self : try SignInSources(values, file: file, threads: threads)
    }

    /// Has those in the lists who stand there in these values.
    func begin(_ values: Configuration) {
        for settings in values.accounts.sources where settings.kind == .list {
            lists[settings.name]?.replace(with: settings.people)
        }
    }

    /// - Parameters:
    ///   - file: that of the configuration.
    ///   - threads: where passwords are hashed.
    init(_ values: Configuration, file: String? = nil, threads: BlockingThreads) throws {
        let hasher = PasswordHasher(cost: values.accounts.hashCost, threads: threads)
        var watched: [WatchedSource] = []
        var lists: [String: ListedPeople] = [:]
        var servers: [AnsweringServer] = []
        for settings in values.accounts.sources {
            let source: any SignInSource
            switch settings.kind {
            case .list?:
                let list = ListedPeople(settings.name, settings.people, hasher: hasher)
                lists[settings.name] = list
                source = list
            case .program?: source = settings.programSource
            case .ldap?:
                source = LDAPDirectory(
                    settings.ldap.settings(time: settings.timeLimit, concurrentMax: settings.concurrentMax))
            case .http?:
                let server = settings.http.server(
                    time: settings.timeLimit, concurrentMax: settings.concurrentMax)
                servers.append(server)
                source = WebPeople(server)
            case nil: continue
            }
            watched.append(WatchedSource(settings.name, source, limits: settings.limits))
        }
        self.init(watched: watched, lists: lists, servers: servers, file: file)
    }

    /// What `/readyz` says of them. One that is away is no reason to send clients elsewhere: whoever has signed in goes
    /// on, and others know it no better. Anybody may ask, so that what is wrong, with addresses of servers, is for
    /// `homeport check` to say.
    var checks: [HealthFace.Check] {
        watched.map { source in
            HealthFace.Check(name: "sign-in \(source.name)") {
                await source.trouble() == nil
                    ? .fine : .noted("it cannot be asked; `homeport check` says why")
            }
        }
    }

    /// What `homeport check` says of them, a line for each.
    func lines() async -> [String] {
        var lines: [String] = []
        for source in watched {
            let trouble = await source.trouble()
            lines.append(
                "The sign-in source \(source.name) "
                    + (trouble.map { "cannot be asked: \($0)." } ?? "can be asked."))
        }
        return lines
    }

    /// To be called when nobody is asked any more, where no engine does so.
    func shutDown() async {
        for server in servers { await server.shutDown() }
    }
}

/// Reads static lists anew once the file of the configuration has changed and stays the same for a moment. A file
/// that is no good changes nothing.
actor ListWatch {
    private let file: String
    private let lists: [String: ListedPeople]
    private let threads = BlockingThreads(count: 1, queueMax: 4)
    private let log = Logger(label: "homeport.sources")
    private var read: CertificateFiles.State
    private var seen: CertificateFiles.State

    init(file: String, lists: [String: ListedPeople]) {
        self.file = file
        self.lists = lists
        read = CertificateFiles.State(of: [file])
        seen = read
    }

    func look() async {
        let file = file
        guard let state = try? await threads.run({ CertificateFiles.State(of: [file]) }) else { return }
        let isSettled = state != read && state == seen
        seen = state
        guard isSettled else { return }
        read = state
        let environment = Surroundings.current.environment
        do {
            let loaded = try await threads.run {
                try LoadedConfiguration.load(file: file, environment: environment)
            }
            take(loaded.values.accounts.sources)
        } catch {
            log.error(
                "the configuration has changed and cannot be read; the lists from before stay",
                metadata: ["problem": "\(error)"])
        }
    }

    private func take(_ sources: [SignInSourceSettings]) {
        for source in sources where source.kind == .list {
            lists[source.name]?.replace(with: source.people)
        }
        for name in lists.keys where !sources.contains(where: { $0.name == name && $0.kind == .list }) {
            // A list that is gone has nobody left in it.
            lists[name]?.replace(with: [:])
        }
        log.notice("the lists of the configuration were read anew")
    }
}

extension SignInSourceSettings {
    /// How it is asked, whoever is in it.
    fileprivate var withoutPeople: SignInSourceSettings {
        var settings = self
        settings.users = [:]
        return settings
    }

    fileprivate var limits: WatchedSource.Limits {
        var limits = WatchedSource.Limits()
        limits.time = timeLimit
        limits.calls = concurrentMax
        limits.goesOn = whenUnavailable == .goOn
        return limits
    }

    fileprivate var programSource: any SignInSource {
        let runner = program.runner(time: timeLimit, concurrentMax: concurrentMax)
        switch program.format {
        case .dockerAuth: return DockerAuthSignInProgram(runner)
        case .json: return JSONSignInProgram(runner)
        }
    }
}
