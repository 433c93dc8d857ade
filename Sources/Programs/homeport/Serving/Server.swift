internal import Accounts
internal import Edge
internal import FileBlobs
internal import FoundationEssentials
internal import HTTPKit
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import Registry
internal import RegistryAPI
internal import SQLiteStore
internal import ServerKit
internal import ServiceLifecycle
internal import TokenAPI

/// Everything that `homeport serve` runs, put together from one configuration.
struct Server: Sendable {
    let stores: Stores
    let blobs: FileBlobs
    let registry: Registry
    let metrics: PrometheusMetrics

    init(_ stores: Stores, metrics: PrometheusMetrics, now: @escaping @Sendable () -> Date) throws {
        let threads = BlockingThreads(count: Self.diskThreads, queueMax: Self.diskQueueMax)
        let database = stores.database
        self.stores = stores
        self.metrics = metrics
        self.blobs = try FileBlobs(root: stores.folder.path, threads: threads)
        self.registry = Registry(
            blobs: blobs, links: database, manifests: database, ledger: database,
            limits: stores.values.registryLimits, generation: { database.generation }, now: now)
    }

    /// Runs until the process is told to stop, then lets running transfers finish.
    ///
    /// - Parameter onListening: told the address once connections are taken.
    func run(onListening: @escaping @Sendable (SocketAddress) async -> Void) async throws {
        let edge = EdgeServer(
            configuration: stores.values.edge, faces: faces(), onListening: onListening)
        var configuration = ServiceGroupConfiguration(
            services: [
                .init(service: Maintenance(tokens: stores.accounts.tokens, registry: registry)),
                .init(service: edge, successTerminationBehavior: .gracefullyShutdownGroup),
            ],
            logger: Logger(label: "homeport.lifecycle"))
        configuration.maximumGracefulShutdownDuration = stores.values.limits.stopTime
        try await StopSignals(group: ServiceGroup(configuration: configuration)).run()
    }

    private func faces() -> [any Face] {
        let values = stores.values
        let accounts = stores.accounts
        let tokens = TokenSource(
            service: values.token.service, realm: values.publicURL.map { $0.text + "/auth/token" })
        var limits = RegistryAPILimits()
        limits.page = values.registry.pageSizeMax
        return [
            RegistryAPI(registry: registry, authorizer: accounts.authorizer, tokens: tokens, limits: limits),
            TokenAPI(service: accounts.tokenService, keys: accounts.keys, realm: values.token.issuer),
            HealthFace(checks: checks()),
            MetricsFace(readers: values.metrics.readers.map(\.range)) { [metrics] in metrics.text() },
        ]
    }

    private func checks() -> [HealthFace.Check] {
        [
            HealthFace.Check("database") { [accounts = stores.accounts.accounts] in
                do {
                    _ = try await accounts.list(limit: 1)
                    return nil
                } catch {
                    return "cannot be read"
                }
            },
            HealthFace.Check("blobs") { [blobs] in
                do {
                    _ = try await blobs.uploads()
                    return nil
                } catch {
                    return "cannot be read"
                }
            },
        ]
    }

    /// Threads for file operations, which mostly wait for the disk.
    private static let diskThreads = 16
    private static let diskQueueMax = 4096
}

extension Configuration {
    fileprivate var registryLimits: RegistryLimits {
        RegistryLimits(
            blobSize: Int64(registry.blobSizeMax), uploadsPerAccount: registry.uploadsPerAccountMax,
            tagsPerPush: registry.tagsPerPushMax,
            uploadLifetime: TimeInterval(registry.uploadLifetime.components.seconds))
    }

    fileprivate var edge: EdgeConfiguration {
        EdgeConfiguration(
            address: .hostname(listen.host, port: listen.port),
            limits: EdgeConfiguration.Limits(
                headerSize: limits.headerSizeMax, headerCount: limits.headerCountMax,
                idleTime: limits.idleTime,
                writeTime: limits.writeTime, connections: limits.connectionsMax,
                connectionsPerAddress: limits.connectionsPerAddressMax, stopTime: limits.stopTime),
            trustedProxies: proxies.trusted.map(\.range))
    }
}
