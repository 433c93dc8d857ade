internal import Accounts
internal import Audit
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

/// Everything that `homeport serve` runs, put together from one configuration and what follows it.
struct Server: Sendable {
    /// As it was opened; what it holds stays.
    private let stores: Stores
    private let door: SecureDoor
    private let current: CurrentShift
    private let surroundings: Surroundings

    /// - Parameters:
    ///   - loaded: the services that it names are served.
    ///   - written: what it says itself, before places were looked up.
    init(
        _ stores: Stores, _ loaded: LoadedConfiguration, written: Configuration, metrics: PrometheusMetrics,
        door: SecureDoor, surroundings: Surroundings
    ) throws {
        self.stores = stores
        self.door = door
        self.surroundings = surroundings
        let now = surroundings.now
        let state = StateMetrics(database: stores.database, folder: stores.folder.path, now: now())
        current = CurrentShift(
            try Shift(
                loaded, written: written, stores: stores,
                in: .init(door: door, metrics: metrics, state: state, now: now)))
    }

    /// Runs until the process is told to stop, then lets running transfers finish. At SIGHUP the configuration is
    /// read again.
    ///
    /// - Parameters:
    ///   - source: where it is read from.
    ///   - onListening: told the addresses, in the order of `listenPlaces`, once connections are taken.
    func run(
        places: [Listener.Place], source: ConfigurationSource, manager: ServiceManager? = nil,
        onListening: @escaping @Sendable ([SocketAddress]) async -> Void
    ) async throws {
        let values = stores.values
        try await current.shift.claim()
        try await current.shift.own?.open()
        let succession = Succession(
            current, door: door, places: places, source: source, manager: manager,
            surroundings: surroundings)
        let edge = EdgeServer(desk: succession.desk) { [door] addresses in
            let isOpen = values.tls.listen.lazy.compactMap(\.port).first ?? 0 == 0
            if !values.tls.listen.isEmpty, isOpen, let port = addresses.first?.port {
                door.port.number = port
            }
            await onListening(addresses)
        }
        let beside: [any Service] =
            [
                auditClock, BanClock(bans: stores.bans), tokenSweep, memory,
                CertificateUpkeep(keeper: door.keeper, leavesSignals: true),
            ] + stores.directory.services + (stores.sharing?.services ?? []) + [succession]
        var group = ServiceGroupConfiguration(
            services: beside.map { .init(service: $0) }
                + [.init(service: edge, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: Logger(label: "homeport.lifecycle"))
        group.maximumGracefulShutdownDuration = values.limits.stopTime
        let signals = await succession.listen()
        let hearing = Task { await succession.hear(signals) }
        defer { hearing.cancel() }
        do {
            try await StopSignals(group: ServiceGroup(configuration: group)) {
                manager?.tell(.stopping)
            }.run()
        } catch {
            await succession.close()
            throw error
        }
        await succession.close()
        // Where all were cut at once, the last of them may have gone after the trail's clock.
        await stores.audit.flush()
    }

    /// The first of the services is stopped last, so that it writes down what the others did.
    private var auditClock: any Service {
        AuditClock(
            recorder: stores.audit, trail: stores.directory.trail,
            settings: { [current] in current.shift.loaded.values.audit }, now: stores.now)
    }

    /// Every part that knows people knows tokens, whose time ends.
    private var tokenSweep: any Service {
        Maintenance(name: "expired tokens", every: .seconds(3600)) { [current] in
            _ = try await current.shift.stores.accounts.tokens.removeExpired()
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
