internal import Accounts
internal import Audit
internal import Edge
internal import FoundationEssentials
internal import HTTPKit
internal import Registry
internal import RegistryAPI
internal import SQLiteStore
internal import ServerKit
internal import ServiceLifecycle
internal import TokenAPI

/// The registry and its tokens.
struct RegistryPart: ServerPart {
    private let stores: Stores
    private let house: BlobHouse
    private let registry: Registry
    private let check: BackgroundCheck
    let engines: [Engine]

    /// - Parameter predecessor: the same registry under other settings. It may go on beside this one.
    init(_ stores: Stores, succeeding predecessor: RegistryPart? = nil) throws {
        self.stores = stores
        self.house =
            try predecessor?.house.succeeded(by: stores.values, now: stores.now)
            ?? BlobHouse.open(
                stores.values, in: stores.folder, of: stores.installation, threads: Self.diskThreads,
                queueMax: Self.diskQueueMax,
                now: stores.now)
        let blobs = house.store
        let database = stores.database
        let registry = stores.registry(
            blobs,
            damage: DamageControl(
                quarantine: blobs, ledger: database, now: stores.now,
                onDamage: BackgroundCheck.report), succeeding: predecessor?.registry)
        self.registry = registry
        self.check = BackgroundCheck(
            verifier: Verifier(
                blobs: blobs, links: database, manifests: database, checks: database,
                control: DamageControl(quarantine: blobs, ledger: database, now: stores.now) { damage in
                    registry.forgetAnswers()
                    BackgroundCheck.report(damage)
                }, name: "background"),
            ledger: database, settings: stores.values.verify, now: stores.now,
            isOnDuty: { [stores] in try await stores.isOnDuty("check", for: .seconds(86_400)) },
            note: { [stores] words in try await stores.note(.verification, by: "verify", words) })
        self.engines = [Engine("registry", Self.services(stores, registry, check))]
    }

    /// Sees that nobody else's blobs are where these are to be.
    func claim() async throws { try await house.claim() }

    /// Settings of what goes on beside its predecessor count from now on.
    func begin() { house.use(reserve: Int64(stores.values.registry.diskReserve)) }

    var faces: [any Face] {
        let values = stores.values
        let accounts = stores.accounts
        let tokens = TokenSource(service: values.token.service, realm: values.tokenRealm)
        var limits = RegistryAPILimits()
        limits.page = values.registry.pageSizeMax
        limits.manifest = values.registry.manifestSizeMax
        limits.refusesOldClients = values.registry.refusesOldClients
        if let folder = values.proxies.accelFolder {
            limits.handsOver = { digest in folder + DistributionLayout.place(of: digest) }
        }
        limits.sendsTo = house.addresses(values)
        return [
            HostedFace(
                RegistryAPI(
                    registry: registry, authorizer: accounts.authorizer, tokens: tokens, limits: limits,
                    audit: stores.audit),
                hosts: values.hosts.registry),
            HostedFace(
                TokenAPI(service: accounts.tokenService, keys: accounts.keys, realm: values.token.issuer),
                hosts: values.hosts.auth),
        ]
    }

    var checks: [HealthFace.Check] {
        [
            HealthFace.Check(name: "blobs") { [house] in await house.finding() },
            HealthFace.Check(name: "damaged") { [check] in
                await check.finding().map(HealthFace.Check.Finding.noted) ?? .fine
            },
        ]
    }

    private static func services(
        _ stores: Stores, _ registry: Registry, _ check: BackgroundCheck
    ) -> [any Service] {
        let garbage = stores.values.garbage
        var services: [any Service] = [
            check,
            Maintenance(
                name: "abandoned uploads", every: .seconds(60),
                work: { [registry] in _ = try await registry.sweepUploads() }),
            Maintenance(
                name: "remembered answers", every: max(.seconds(60), garbage.graceTime / 4),
                work: { [registry] in registry.forgetAnswers() }),
        ]
        if !stores.values.retentionRules.isEmpty { services.append(retentionClock(stores, registry)) }
        if garbage.isScheduled {
            services.append(
                Collecting(
                    registry: registry, garbage: stores.database, policy: stores.values.garbagePolicy,
                    interval: garbage.interval,
                    isOnDuty: { [stores] in try await stores.isOnDuty("garbage", for: garbage.interval) },
                    onReport: { [stores] report in
                        guard let words = report.words else { return }
                        try await stores.note(.collection, by: "gc", words)
                    }))
        }
        return services
    }

    private static func retentionClock(_ stores: Stores, _ registry: Registry) -> RetentionClock {
        RetentionClock(
            stores: stores,
            retention: stores.retention { [registry] tags, repository in
                registry.forget(tags, in: repository)
            },
            interval: stores.values.registry.retentionInterval)
    }

    /// Threads for file operations, which mostly wait for the disk.
    private static let diskThreads = 16
    private static let diskQueueMax = 4096
}
