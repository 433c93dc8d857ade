internal import Accounts
internal import CLinux
internal import Doorkeeper
internal import Edge
internal import FoundationEssentials
internal import HTTPKit
internal import Logging
internal import NIOCore
internal import SQLiteStore
internal import ServerKit
internal import ServiceLifecycle

/// Everything that `homeport serve` runs, put together from one configuration.
struct Server: Sendable {
    let stores: Stores
    let metrics: PrometheusMetrics
    let door: SecureDoor
    private let parts: [any ServerPart]
    private let state: StateMetrics
    private let listUpkeep: (any Service)?

    /// - Parameter loaded: the services that it names are served.
    init(
        _ stores: Stores, _ loaded: LoadedConfiguration, metrics: PrometheusMetrics, door: SecureDoor,
        now: @escaping @Sendable () -> Date
    ) throws {
        self.stores = stores
        self.metrics = metrics
        self.door = door
        var parts: [any ServerPart] = []
        if loaded.servesRegistry { parts.append(try RegistryPart(stores)) }
        if loaded.servesWeather {
            parts.append(try WeatherPart(stores, isAlone: !loaded.servesRegistry, now: now))
        }
        if let browser = BrowserPart(stores) { parts.append(browser) }
        self.parts = parts
        self.listUpkeep = stores.sources.upkeep(of: loaded.file)
        self.state = StateMetrics(database: stores.database, folder: stores.folder.path, now: now())
    }

    /// Runs until the process is told to stop, then lets running transfers finish.
    ///
    /// - Parameter onListening: told the addresses, in the order of `listenPlaces`, once connections are
    /// taken.
    func run(
        places: [Listener.Place], manager: ServiceManager? = nil,
        onListening: @escaping @Sendable ([SocketAddress]) async -> Void
    ) async throws {
        let values = stores.values
        let faces = faces
        var configuration = values.edge(door.listeners(values, faces: faces, places: places))
        configuration.doorkeeper = values.doorkeeper(stores.bans)
        let edge = EdgeServer(configuration: configuration, faces: faces) { [door] addresses in
            let isOpen = values.tls.listen.lazy.compactMap(\.port).first ?? 0 == 0
            if !values.tls.listen.isEmpty, isOpen, let port = addresses.first?.port {
                door.port.number = port
            }
            await onListening(addresses)
        }
        let beside =
            [
                auditClock, BanClock(bans: stores.bans), tokenSweep, memory,
                CertificateUpkeep(keeper: door.keeper, own: door.own),
            ]
            + [listUpkeep].compactMap(\.self) + stores.directory.services + parts.flatMap(\.services)
        var group = ServiceGroupConfiguration(
            services: beside.map { .init(service: $0) }
                + [.init(service: edge, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: Logger(label: "homeport.lifecycle"))
        group.maximumGracefulShutdownDuration = stores.values.limits.stopTime
        do {
            try await StopSignals(group: ServiceGroup(configuration: group)) {
                manager?.tell(.stopping)
            }.run()
        } catch {
            for part in parts { try? await part.close() }
            await stores.stopAsking()
            throw error
        }
        await stores.stopAsking()
        for part in parts { try await part.close() }
    }

    private var faces: [any Face] {
        parts.flatMap(\.faces) + [
            HealthFace(
                checks: [databaseCheck, diskCheck] + stores.directory.checks + stores.sources.checks
                    + stores.authorizers.checks
                    + parts.flatMap(\.checks)),
            MetricsFace(readers: stores.values.metrics.readers.map(\.range)) {
                [metrics, parts, state, bans = stores.bans] in
                await state.refresh()
                BanMetrics.show(bans.count)
                for part in parts { part.measure() }
                return metrics.text()
            },
        ]
    }

    private var databaseCheck: HealthFace.Check {
        HealthFace.Check("database") { [database = stores.database] in
            do {
                _ = try await database.accounts(after: nil, limit: 1)
                return nil
            } catch {
                return "cannot be read"
            }
        }
    }

    private var diskCheck: HealthFace.Check {
        HealthFace.Check("disk") { [folder = stores.folder.path, least = stores.values.limits.diskFreeMin] in
            guard let disk = DiskSpace(of: folder), disk.free < least else { return nil }
            return "\(SizeText.rounded(disk.free)) free, less than limits.disk_free_min"
        }
    }

    /// The first of the services is stopped last, so that it writes down what the others did.
    private var auditClock: any Service {
        AuditClock(
            recorder: stores.audit, trail: stores.directory.trail, settings: stores.values.audit,
            now: stores.now)
    }

    /// Every part that knows people knows tokens, whose time ends.
    private var tokenSweep: any Service {
        Maintenance(name: "expired tokens", every: .seconds(3600)) { [tokens = stores.accounts.tokens] in
            _ = try await tokens.removeExpired()
        }
    }

    /// Most of what a program holds after its start is code that only the start needed, and after a storm of
    /// requests what the storm needed.
    private var memory: any Service {
        Maintenance(name: "memory", first: .milliseconds(500), every: .seconds(600)) {
            homeport_release_memory()
        }
    }
}

/// The services that the program can be, and which of them a configuration asks for.
extension LoadedConfiguration {
    /// The weather, where there is a place to tell it of.
    var servesWeather: Bool { !values.weather.places.isEmpty }

    /// The registry, unless the configuration names the weather and nothing that a registry needs.
    var servesRegistry: Bool {
        !servesWeather || ["registry", "token", "accounts", "garbage", "verify"].contains { names($0) }
    }
}

extension Configuration {
    func edge(_ listeners: [Listener]) -> EdgeConfiguration {
        var edge = EdgeConfiguration(
            listeners: listeners,
            limits: EdgeConfiguration.Limits(
                headerSize: limits.headerSizeMax, headerCount: limits.headerCountMax,
                headTime: limits.headerTime, idleTime: limits.idleTime,
                writeTime: limits.writeTime, connections: limits.connectionsMax,
                connectionsPerAddress: limits.connectionsPerAddressMax, requests: limits.requestsMax,
                stopTime: limits.stopTime),
            trustedProxies: proxies.trusted.map(\.range))
        edge.nameHeader = accounts.proxyHeader.header
        edge.headers = SecurityHeaders(
            strictTransportAge: Int(headers.strictTransportAge.components.seconds),
            strictTransportSubdomains: headers.strictTransportSubdomains,
            contentPolicy: headers.contentPolicy, referrerPolicy: headers.referrerPolicy)
        return edge
    }
}
