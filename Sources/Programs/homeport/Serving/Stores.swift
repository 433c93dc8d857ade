internal import Accounts
internal import Audit
internal import Doorkeeper
internal import FoundationEssentials
internal import Logging
internal import OCI
internal import Registry
internal import SQLiteStore
internal import ServerKit

/// The stores and services that commands and the server work on, opened from one configuration.
struct Stores: Sendable {
    let folder: DataFolder
    let database: SQLiteStore
    let directory: Directory
    let accounts: AccountServices
    let sources: SignInSources
    let authorizers: AuthorizerSet
    let providers: IdentityProviderSet
    /// For what happens often; changes are written into the trail by the database itself.
    let audit: AuditRecorder
    let bans: BanList
    /// Nil where no other server works on the same facts.
    let sharing: SharedFacts?
    let values: Configuration
    let now: @Sendable () -> Date
    /// Where passwords are hashed.
    private let threads: BlockingThreads

    var manifests: any ManifestStore { database }
    var history: any TagHistory { database }
    /// Tells these facts from those of any other installation.
    var installation: String { database.installation }

    /// The registry on these stores and a folder of blobs.
    ///
    /// - Parameter predecessor: the same registry under other settings.
    func registry(
        _ blobs: any BlobStore, damage: DamageControl? = nil, succeeding predecessor: Registry? = nil
    ) -> Registry {
        Registry(
            blobs: blobs, links: database, manifests: database, ledger: database, garbage: database,
            limits: values.registryLimits, policy: values.registryPolicy, damage: damage,
            succeeding: predecessor,
            generation: { [database] in database.foreignRegistryGeneration }, now: now)
    }
    var links: any BlobLinks { database }

    /// Opens the stores in the folder of the data, making the database where there is none.
    ///
    /// - Parameters:
    ///   - asksSources: whether people sign in, who may be known elsewhere.
    ///   - file: that of the configuration, where lists of people may stand.
    static func open(
        _ values: Configuration, asksSources: Bool = false, file: String? = nil,
        now: @escaping @Sendable () -> Date
    ) throws -> Stores {
        let folder = DataFolder(values.data)
        let kinds = Set(values.audit.events)
        let database = try SharedFacts.open(values, folder, isServer: asksSources, now: now)
        let directory = try Directory(values, database: database, now: now)
        let audit = AuditRecorder(directory.trail, kinds: kinds, now: now)
        let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let threads = BlockingThreads(
            count: cores, queueMax: 64 * cores, niceness: PasswordHasher.niceness)
        let bans = BanList(
            database, settings: values.banSettings, now: now, onBan: { _ in BanMetrics.made() })
        let sources = asksSources ? try SignInSources(values, file: file, threads: threads) : .none
        let authorizers = asksSources ? AuthorizerSet(values) : .none
        let providers = asksSources ? IdentityProviderSet(values, now: now) : .none
        return Stores(
            folder, database, directory, sources, authorizers, providers, audit, bans,
            SharedFacts(database), values, threads, now: now)
    }

    /// Opens the stores of a server. A MongoDB that holds all facts is waited for, unless there is a copy to begin
    /// with.
    static func openForServing(
        _ loaded: LoadedConfiguration, now: @escaping @Sendable () -> Date, _ terminal: Terminal
    ) async throws -> Stores {
        let values = loaded.values
        func attempt() throws -> Stores {
            try open(values, asksSources: true, file: loaded.file, now: now)
        }
        guard values.mongodb.sharesFacts else { return try attempt() }
        let patience = MongoPatience(
            words: values.mongodb.words, limit: values.mongodb.startWait, terminal: terminal)
        return try await patience.until(attempt)
    }

    /// The same stores under other settings. What has not changed is the very same as before; both may be worked with
    /// beside each other.
    func succeeded(by values: Configuration, file: String?) throws -> Stores {
        let sources = try sources.succeeded(
            by: values, insteadOf: self.values, file: file, threads: threads)
        let authorizers =
            values.accounts.authorizers == self.values.accounts.authorizers
            ? authorizers : AuthorizerSet(values)
        let providers =
            values.accounts.providers == self.values.accounts.providers
            ? providers : IdentityProviderSet(values, now: now)
        return Stores(
            folder, database, directory, sources, authorizers, providers, audit, bans, sharing, values,
            threads, succeeding: accounts, now: now)
    }

    private init(
        _ folder: DataFolder, _ database: SQLiteStore, _ directory: Directory, _ sources: SignInSources,
        _ authorizers: AuthorizerSet, _ providers: IdentityProviderSet, _ audit: AuditRecorder,
        _ bans: BanList, _ sharing: SharedFacts?, _ values: Configuration,
        _ threads: BlockingThreads, succeeding predecessor: AccountServices? = nil,
        now: @escaping @Sendable () -> Date
    ) {
        self.folder = folder
        self.database = database
        self.directory = directory
        self.sources = sources
        self.authorizers = authorizers
        self.providers = providers
        self.audit = audit
        self.bans = bans
        self.sharing = sharing
        self.values = values
        self.threads = threads
        self.now = now
        var settings = values.accountServices
        settings.sources = sources.watched
        settings.decider = authorizers.decider
        settings.browser = providers.settings(values, store: database)
        accounts = AccountServices(
            directory.stores, settings: settings, threads: threads, succeeding: predecessor,
            onSignIn: { SignInWitness(audit: audit, bans: bans).saw($0) }, now: now)
    }

    /// Retention by the rules of the configuration, or by others.
    func retention(
        _ rules: [RetentionRule]? = nil,
        onRemoval: @Sendable @escaping ([Tag], RepositoryName) -> Void = { _, _ in }
    ) -> Retention {
        Retention(
            rules: rules ?? values.retentionRules, policy: values.registryPolicy, tags: database,
            manifests: database, now: now, onRemoval: onRemoval)
    }

    /// Writes into the trail what the server or the operator did for the data.
    func note(_ action: AuditAction, by account: String, of subject: String = "", _ detail: String)
        async throws
    {
        guard values.audit.events.contains(action.kind) else { return }
        let event = AuditEvent(
            at: now(), account: account, origin: .current, action: action, subject: subject, detail: detail)
        try await database.record([event])
    }

    /// Whether work that one server does for all is this one's now, for so long from now on.
    func isOnDuty(_ duty: String, for time: Duration) async throws -> Bool {
        guard let sharing else { return true }
        return try await sharing.isOnDuty(duty, for: time)
    }

    func close() async throws {
        await directory.close()
        try await database.close()
    }
}

extension Configuration {
    /// How accounts and tokens are to work.
    var accountServices: AccountServices.Settings {
        var settings = AccountServices.Settings(
            issuer: TokenIssuer.Settings(
                issuer: token.issuer, lifetime: Int(token.life.components.seconds),
                keyForm: KeyForm(token.keyIdentifier, includesCertificate: token.includesCertificate)),
            services: [token.service] + token.otherServices)
        settings.refreshTokens.idle = TimeInterval(token.refreshIdleTime.components.seconds)
        settings.signIn.verifiedLifetime = Int(accounts.passwordCacheTime.components.seconds)
        settings.signIn.remembersSources = true
        settings.signIn.refusalTime = accounts.refusalTime
        settings.hashCost = accounts.hashCost
        settings.vouching = accounts.vouching
        if mongodb.isNamed { settings.policyStyle = mongodb.policyStyle }
        if limits.requestsPerAccountMax > 0 { settings.requestsPerMinute = limits.requestsPerAccountMax }
        return settings
    }

    /// What the registry puts up with.
    var registryLimits: RegistryLimits {
        RegistryLimits(
            blobSize: Int64(registry.blobSizeMax), uploadsPerAccount: registry.uploadsPerAccountMax,
            tagsPerPush: registry.tagsPerPushMax,
            uploadLifetime: TimeInterval(milliseconds: registry.uploadLifetime),
            graceTime: TimeInterval(milliseconds: garbage.graceTime))
    }

    /// What a collection may take.
    var garbagePolicy: GarbagePolicy {
        GarbagePolicy(
            graceTime: TimeInterval(milliseconds: garbage.graceTime),
            keepsUntagged: garbage.untagged == .keep,
            historyTime: TimeInterval(milliseconds: garbage.historyTime),
            historyCountMax: garbage.historyMax)
    }
}

extension TimeInterval {
    /// Seconds, exact to the millisecond.
    init(milliseconds duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000
    }
}
