internal import ACME
internal import Certificates
internal import Edge
internal import FoundationEssentials
internal import HTTPKit
internal import Logging
internal import ServerKit
internal import ServiceLifecycle
internal import TLSKit
internal import UnixSignals

/// What makes the door a safe one: the certificates, who keeps them, and the listeners that show them.
struct SecureDoor: Sendable {
    let shelf: CertificateShelf
    let keeper: CertificateKeeper
    let board: ChallengeBoard
    let port: SecurePort
    let threads: BlockingThreads
    /// What clients are asked for, or why it is not known.
    private let clients: Result<ClientCertificates?, CertificateFileError>
    private let now: @Sendable () -> Date

    /// Threads for reading certificates: few and rare.
    private static let threadCount = 2
    private static let queueMax = 64

    init(_ values: Configuration, choice: TLSChoice = TLSChoice(), now: @escaping @Sendable () -> Date) {
        threads = BlockingThreads(count: Self.threadCount, queueMax: Self.queueMax)
        // Its file was looked at with the configuration; whatever has become of it since is said by `open`.
        let asked = Result { () throws(CertificateFileError) in
            try values.accounts.clientCertificates.asked()
        }
        clients = asked
        shelf = CertificateShelf(
            profile: values.tls.profile, choice: choice, clients: (try? asked.get()) ?? nil)
        board = ChallengeBoard(shelf: shelf)
        port = SecurePort(values.securePort)
        keeper = CertificateKeeper(
            shelf: shelf, threads: threads, warnAhead: values.tls.warnAhead, now: now)
        self.now = now
    }

    /// Reads the certificates; one that is no good stops the start.
    func open(_ values: Configuration) async throws {
        do {
            _ = try clients.get()
            try await keeper.open(values.tls.certificates.map(\.files))
        } catch let error as CertificateFileError {
            throw CommandFailure.usage(error.description)
        }
    }

    /// Shows what other values name from now on. Where one of the certificates is no good, nothing has changed.
    func change(to values: Configuration) async throws {
        do {
            try await keeper.change(
                to: values.tls.certificates.map(\.files), profile: values.tls.profile,
                warnAhead: values.tls.warnAhead)
        } catch let error as CertificateFileError {
            throw CommandFailure.usage(error.description)
        }
    }

    /// Sends clients to the port that other values name from now on.
    func sendClients(by values: Configuration) {
        // Port 0 has become a number when it was listened on.
        if values.securePort != 0 { port.number = values.securePort }
    }

    /// The certificates that the server gets itself by these values; nil when there are none to be got.
    func automatic(_ values: Configuration) -> AutomaticCertificates? {
        guard !values.acme.names.isEmpty else { return nil }
        let client = ACMEClient(authorityFile: values.acme.authorityFile)
        let cabinet = CabinetFolder(
            path: DataFolder(values.data).path + "/certificates", threads: threads)
        let own = OwnCertificates(
            names: values.acme.names,
            authority: ACMEAuthority(
                settings: values.acme.settings, cabinet: cabinet, board: board, send: client.send, now: now),
            cabinet: cabinet, keeper: keeper, now: now)
        return AutomaticCertificates(own: own, client: client)
    }

    /// Those with TLS first, then those that send there, then the plain one.
    ///
    /// - Parameter places: where each of them is, in this order.
    func listeners(_ values: Configuration, faces: [any Face], places: [Listener.Place]) -> [Listener] {
        let challenges = ChallengeFace(
            board: board, folder: values.redirect.challengeFolder, threads: threads)
        let secureCount = values.tls.listen.count
        return places.enumerated().map { index, place in
            var listener =
                switch index {
                case ..<secureCount: Listener(place, certificates: shelf)
                case places.count - 1: Listener(place, faces: [challenges] + faces)
                default: Listener(place, faces: [challenges, RedirectFace(port: port)])
                }
            listener.readsProxyHeader = values.proxies.protocolPlaces.contains(values.listenPlaces[index])
            return listener
        }
    }
}

/// Certificates that the server gets itself, and how it speaks with who gives them.
struct AutomaticCertificates: Sendable {
    private let own: OwnCertificates
    /// Gets and renews them.
    let engine: Engine

    fileprivate init(own: OwnCertificates, client: ACMEClient) {
        self.own = own
        engine = Engine("own certificates", [UntilStopped { await own.run() }]) {
            try await client.shutDown()
        }
    }

    /// Shows those that the server got itself before.
    func open() async throws { try await own.open() }
}

extension TLSSettings {
    fileprivate var warnAhead: TimeInterval { TimeInterval(expiryWarning.components.seconds) }
}

extension Configuration {
    /// Where it listens, in the order of the listeners.
    var listenPlaces: [ListeningPlace] { tls.listen + redirect.listen + [listen] }

    /// The port at which clients find TLS, as far as the configuration says it.
    fileprivate var securePort: Int {
        if let publicURL, publicURL.text.hasPrefix("https://") { return publicURL.port ?? 443 }
        return tls.listen.lazy.compactMap(\.port).first ?? 443
    }
}

/// Looks whether certificates have changed, every moment and at once when SIGHUP asks for it.
struct CertificateUpkeep: Service {
    let keeper: CertificateKeeper
    /// Whether somebody else hears SIGHUP, and looks then.
    var leavesSignals = false

    private static let interval = Duration.seconds(2)

    func run() async throws {
        let signals = leavesSignals ? nil : await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { tasks in
                if let signals {
                    tasks.addTask {
                        for await _ in signals { await keeper.lookAtAll() }
                    }
                }
                tasks.addTask {
                    while !Task.isCancelled {
                        await keeper.look()
                        try? await ContinuousClock().sleep(for: Self.interval)
                    }
                }
            }
        }
    }
}

extension CertificateKeeper {
    /// Reads every file again, because somebody says so.
    func lookAtAll() async {
        Logger(label: "homeport").notice("reading certificates again", metadata: ["signal": "HUP"])
        await look(all: true)
    }
}
