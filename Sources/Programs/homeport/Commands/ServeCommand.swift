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
        abstract: "Serve the registry and its tokens.",
        discussion: """
            The first start makes what is missing: the folder of the data, a signing key and its certificate, and an \
            account that may do everything; its password is printed once, or taken from HOMEPORT_ADMIN_PASSWORD. \
            SIGTERM and Ctrl-C let running transfers finish; a second one does not.
            """)

    @OptionGroup var settings: SettingsOptions

    @Option(help: ArgumentHelp("Where to listen; port 0 is any free one.", valueName: "address:port"))
    var listen: String?

    func run() async throws {
        let surroundings = Surroundings.current
        let options = listen.map { [(path: "listen", option: "--listen", text: $0)] } ?? []
        let loaded = try settings.load(adding: options)
        ProcessLog.use(loaded.values.log)
        let folder = DataFolder(loaded.values.data)
        try folder.create()
        let lock = try folder.lock()
        let metrics = PrometheusMetrics()
        ProcessMetrics.begin(metrics)
        let stores = try Stores.open(loaded.values, now: surroundings.now)
        do {
            let given = surroundings.environment["HOMEPORT_ADMIN_PASSWORD"].flatMap {
                $0.isEmpty ? nil : Secret($0)
            }
            let made = try await FirstStart(
                stores: stores, terminal: surroundings.terminal, givenPassword: given
            ).run()
            let server = try Server(stores, metrics: metrics, now: surroundings.now)
            try await server.run { address in
                let host = address.ipAddress ?? loaded.values.listen.host
                Welcome(terminal: surroundings.terminal, host: host, port: address.port ?? 0, loaded: loaded)
                    .say(made)
            }
        } catch let error as IOError {
            try? await stores.close()
            throw Self.failure(error, loaded.values.listen)
        } catch {
            try? await stores.close()
            throw error
        }
        try await stores.close()
        withExtendedLifetime(lock) {}
    }

    private static func failure(_ error: IOError, _ address: ListenAddress) -> CommandFailure {
        switch error.errnoCode {
        case EADDRINUSE:
            .unreachable(
                "another program listens on \(address) already; choose another address with --listen")
        case EACCES:
            .unreachable("only root may listen on \(address); choose a port above 1023 with --listen")
        case EADDRNOTAVAIL:
            .unreachable("this machine has no address \(address.host); choose another with --listen")
        default: .unreachable("listening on \(address) failed: \(error)")
        }
    }
}

/// The one collection of numbers of the process.
enum ProcessMetrics {
    /// To be called once, before anything counts.
    static func begin(_ metrics: PrometheusMetrics) { MetricsSystem.bootstrap(metrics) }
}
