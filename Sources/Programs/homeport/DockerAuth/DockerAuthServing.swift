internal import ACME
internal import CLinux
internal import Doorkeeper
internal import Edge
internal import FoundationEssentials
internal import HTTPKit
internal import Logging
internal import NIOCore
internal import ServerKit
internal import ServiceLifecycle
internal import TLSKit
internal import TokenAPI
internal import UnixSignals

/// A token server alone, as a docker_auth configuration describes it.
struct DockerAuthServing: Sendable {
    private let plan: DockerAuthPlan
    private let house: DockerAuthHouse
    private let values: Configuration
    private let door: SecureDoor
    private let metrics: PrometheusMetrics
    private let guardian: DockerAuthDoor

    init(
        _ plan: DockerAuthPlan, guardian: DockerAuthDoor, metrics: PrometheusMetrics,
        now: @escaping @Sendable () -> Date
    ) throws {
        self.plan = plan
        self.metrics = metrics
        self.guardian = guardian
        values = plan.configuration
        // An address that anybody can claim is nobody's to be banned.
        let isClaimed = plan.addressHeader != nil && plan.options.trustedProxies == nil
        house = try DockerAuthHouse(
            plan, store: guardian.store, bans: isClaimed ? nil : guardian.bans, now: now)
        door = SecureDoor(values, choice: plan.choice, now: now)
    }

    /// Runs until the process is told to stop.
    ///
    /// - Parameter onListening: told where, once connections are taken.
    func run(onListening: @escaping @Sendable (String) -> Void) async throws {
        EdgeMetrics.begin()
        TokenMetrics.begin()
        SignInMetrics.begin()
        BanMetrics.begin()
        try await door.open(values)
        let own = door.automatic(values)
        try await own?.open()
        await house.begin()
        let isSecure = isSecure
        var configuration = values.edge([
            Listener(try plan.place.bindAddress(), certificates: isSecure ? door.shelf : nil)
        ])
        configuration.addressHeader = plan.addressHeader
        configuration.doorkeeper = guardian.doorkeeper
        let edge = EdgeServer(configuration: configuration, faces: faces) { [plan] addresses in
            guard let port = addresses.first?.port, case .network(let meant) = plan.place else {
                return onListening("listening on \(plan.place)")
            }
            let place = ListenAddress(host: addresses.first?.ipAddress ?? meant.host, port: port)
            onListening("listening on \(isSecure ? "https" : "http")://\(place)\(plan.prefix)")
        }
        var group = ServiceGroupConfiguration(
            services: [
                .init(service: CertificateUpkeep(keeper: door.keeper)),
                .init(service: DockerAuthUpkeep(house: house)),
                .init(service: BanClock(bans: guardian.bans)),
                .init(
                    service: Maintenance(
                        name: "people of providers", first: .zero, every: plan.browser.pause
                    ) { [house] in try await house.askAgain() }),
                .init(
                    service: Maintenance(name: "providers", first: .zero, every: .seconds(300)) { [house] in
                        await house.lookAtProviders()
                    }),
                .init(
                    service: Maintenance(name: "expired tokens", every: .seconds(3600)) { [house] in
                        try await house.removeExpiredTokens()
                    }),
                .init(
                    service: Maintenance(name: "memory", first: .milliseconds(500), every: .seconds(600)) {
                        homeport_release_memory()
                    }),
            ] + (own.map { [.init(service: $0.engine)] } ?? [])
                + [.init(service: edge, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: Logger(label: "homeport.lifecycle"))
        group.maximumGracefulShutdownDuration = values.limits.stopTime
        do {
            try await StopSignals(group: ServiceGroup(configuration: group)).run()
        } catch {
            await close(own)
            throw error
        }
        await close(own)
    }

    private var isSecure: Bool {
        if case .plain = plan.security { false } else { true }
    }

    private var faces: [any Face] {
        [
            HealthFace(checks: [
                HealthFace.Check(name: "certificate") { [house] in
                    await house.concern().map(HealthFace.Check.Finding.noted) ?? .fine
                },
                HealthFace.Check(name: "mongodb") { [house] in
                    await house.databaseConcern().map(HealthFace.Check.Finding.noted) ?? .fine
                },
                HealthFace.Check(name: "sign-in ldap_auth") { [house] in
                    await house.directoryConcern().map(HealthFace.Check.Finding.noted) ?? .fine
                },
                HealthFace.Check(name: "sign-in by browser") { [house] in
                    await house.providerConcern().map(HealthFace.Check.Finding.noted) ?? .fine
                },
            ]),
            MetricsFace(readers: values.metrics.readers.map(\.range)) { [metrics, bans = guardian.bans] in
                BanMetrics.show(bans.count)
                return metrics.text()
            },
            house.door,
        ]
    }

    private func close(_ own: AutomaticCertificates?) async {
        await house.end()
        try? await own?.engine.close()
        await guardian.close()
        if case .socket(let path) = plan.place { SocketFile(path).remove() }
    }
}

/// Looks whether the configuration has changed, every moment and at once when SIGHUP asks for it.
private struct DockerAuthUpkeep: Service {
    let house: DockerAuthHouse

    private static let interval = Duration.seconds(1)

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { tasks in
                tasks.addTask {
                    for await _ in signals { await house.look(atOnce: true) }
                }
                tasks.addTask {
                    while !Task.isCancelled {
                        try? await ContinuousClock().sleep(for: Self.interval)
                        await house.look()
                    }
                }
            }
        }
    }
}

extension DockerAuthPlan {
    /// The part of Homeport's own configuration that the door is made from.
    fileprivate var configuration: Configuration {
        var values = Configuration()
        values.tls.profile = profile
        switch security {
        case .plain: break
        case .files(let files):
            values.tls.certificates = [CertificateSettings(certificate: files.certificate, key: files.key)]
        case .own(let host, let email, let folder):
            values.acme.names = [host]
            values.acme.email = email
            // Nothing listens at port 80 here.
            values.acme.challenges = [.tls]
            values.data = folder
        }
        if file.values.server.strictTransport {
            values.headers.strictTransportAge = .seconds(63_072_000)
            values.headers.strictTransportSubdomains = true
        }
        return values
    }
}

extension ListenPlace {
    /// Where to bind. A socket that an earlier run has left behind is removed.
    fileprivate func bindAddress() throws(CommandFailure) -> Listener.Place {
        switch self {
        case .network(let address): return .hostname(address.host, port: address.port)
        case .socket(let path):
            try SocketFile(path).removeLeft()
            return .unixSocket(path: path, mode: 0o755)
        }
    }
}
