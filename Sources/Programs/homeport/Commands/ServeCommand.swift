internal import ArgumentParser
internal import CoreMetrics
internal import Edge
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import NIOCore
internal import ServerKit

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve what the configuration names: a registry, the weather, or both.",
        discussion: """
            Without any configuration that is a registry. A configuration with places under `weather` and without \
            `registry`, `token` and `accounts` is about the weather alone.

            The first start of a registry makes what is missing: the folder of the data, a signing key and its certificate, and an \
            account that may do everything; its password is printed once, or taken from HOMEPORT_ADMIN_PASSWORD. \
            SIGTERM and Ctrl-C let running transfers finish; a second one cuts them and ends the server within a moment: \
            with 0 when all was put away in order, with 1 when something hung. What was acknowledged lies on disk either way.

            SIGHUP, which `homeport reload` sends, has the configuration read again while clients are served. One that \
            is not right changes nothing.
            """)

    @OptionGroup var settings: SettingsOptions

    @Option(help: ArgumentHelp("Where to listen; port 0 is any free one.", valueName: "address:port"))
    var listen: String?

    func run() async throws {
        let surroundings = Surroundings.current
        let options = listen.map { [(path: "listen", option: "--listen", text: $0)] } ?? []
        let source = settings.source(adding: options)
        var loading = try source.load()
        let written = loading.values
        ProcessLog.use(loading.values.log)
        if let shortage = OpenFiles.makeRoom(for: loading.values.limits.connectionsMax) {
            Logger(label: "homeport").warning("\(shortage)")
        }
        let metrics = PrometheusMetrics()
        ProcessMetrics.begin(metrics)
        let places = try HandedSockets.places(loading.values, surroundings.environment)
        let manager = ServiceManager(environment: surroundings.environment, process: Int(getpid()))
        let signs = Task { await manager?.keepTelling() }
        defer { signs.cancel() }
        let door = SecureDoor(loading.values, now: surroundings.now)
        try await door.open(loading.values)
        let folder = DataFolder(loading.values.data)
        try folder.create()
        let lock = try folder.lock()
        try await loading.locatePlaces(isKept: true, surroundings)
        let loaded = loading
        let stores = try await Stores.openForServing(
            loaded, now: surroundings.now, surroundings.terminal)
        do {
            try await stores.directory.prepare(
                waiting: loaded.values.mongodb.startWait, surroundings.terminal)
            let given = surroundings.environment["HOMEPORT_ADMIN_PASSWORD"].flatMap {
                $0.isEmpty ? nil : Secret($0)
            }
            let start = FirstStart(stores: stores, terminal: surroundings.terminal, givenPassword: given)
            let made = try await surroundings.asOperator {
                loaded.servesRegistry ? try await start.run() : nil
            }
            let server = try Server(
                stores, loaded, written: written, metrics: metrics, door: door, surroundings: surroundings)
            try await server.run(places: places, source: source, manager: manager) { addresses in
                let real = zip(addresses, loaded.values.listenPlaces).map { Self.real($0, $1) }
                Welcome(terminal: surroundings.terminal, places: real, loaded: loaded).say(made)
                manager?.tell(.ready)
            }
        } catch let error as ListenError {
            try? await stores.close()
            throw Self.failure(error, loaded.values.listenPlaces[error.index])
        } catch {
            try? await stores.close()
            throw error
        }
        try await stores.close()
        withExtendedLifetime(lock) {}
    }

    /// Where it really is: a port that the kernel chose, an address that systemd did.
    private static func real(_ address: SocketAddress, _ meant: ListeningPlace) -> ListeningPlace {
        if let host = address.ipAddress, let port = address.port {
            return .address(ListenAddress(host: host, port: port))
        }
        return address.pathname.map { $0.isEmpty ? meant : .unix($0) } ?? meant
    }

    static func failure(_ error: ListenError, _ address: ListeningPlace) -> CommandFailure {
        switch error.code {
        case EADDRINUSE:
            .unreachable(
                "another program listens on \(address) already; choose another address, or end the other program"
            )
        case EACCES where address.address == nil:
            .unreachable(
                "\(address) cannot be made: permission denied; let the server's user write into its folder")
        case EACCES:
            .unreachable(
                "only root may listen on \(address); choose a port above 1023, or allow the program the low ones "
                    + "(CAP_NET_BIND_SERVICE)")
        case EADDRNOTAVAIL:
            .unreachable("this machine has no address \(address.address?.host ?? ""); choose another")
        case EEXIST:
            .unreachable("\(address) cannot be made: \(error.reason); move it away, or choose another path")
        default: .unreachable("listening on \(address) failed: \(error.reason)")
        }
    }
}

/// The one collection of numbers of the process.
enum ProcessMetrics {
    /// To be called once, before anything counts.
    static func begin(_ metrics: PrometheusMetrics) { MetricsSystem.bootstrap(metrics) }
}
