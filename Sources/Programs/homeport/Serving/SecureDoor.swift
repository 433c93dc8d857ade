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
    /// Those that the server gets itself; nil when there are none to be got.
    let own: OwnCertificates?
    private let client: ACMEClient?
    /// What clients are asked for, or why it is not known.
    private let clients: Result<ClientCertificates?, CertificateFileError>

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
            shelf: shelf, threads: threads,
            warnAhead: TimeInterval(values.tls.expiryWarning.components.seconds), now: now)
        guard !values.acme.names.isEmpty else {
            own = nil
            client = nil
            return
        }
        let client = ACMEClient(authorityFile: values.acme.authorityFile)
        let cabinet = CabinetFolder(
            path: DataFolder(values.data).path + "/certificates", threads: threads)
        self.client = client
        own = OwnCertificates(
            names: values.acme.names,
            authority: ACMEAuthority(
                settings: values.acme.settings, cabinet: cabinet, board: board, send: client.send, now: now),
            cabinet: cabinet, keeper: keeper, now: now)
    }

    /// Shows the certificates that the server got itself before.
    func openOwn() async throws { try await own?.open() }

    /// To be called once, when nothing is got any more.
    func close() async throws { try await client?.shutDown() }

    /// Reads the certificates; one that is no good stops the start.
    func open(_ values: Configuration) async throws {
        do {
            _ = try clients.get()
            try await keeper.open(values.tls.certificates.map(\.files))
        } catch let error as CertificateFileError {
            throw CommandFailure.usage(error.description)
        }
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

extension Configuration {
    /// Where it listens, in the order of the listeners.
    var listenPlaces: [ListeningPlace] { tls.listen + redirect.listen + [listen] }

    /// The port at which clients find TLS, as far as the configuration says it.
    fileprivate var securePort: Int {
        if let publicURL, publicURL.text.hasPrefix("https://") { return publicURL.port ?? 443 }
        return tls.listen.lazy.compactMap(\.port).first ?? 443
    }
}

/// Looks whether certificates have changed, every moment and at once when SIGHUP asks for it, and gets those that
/// the server gets itself.
struct CertificateUpkeep: Service {
    let keeper: CertificateKeeper
    let own: OwnCertificates?

    private static let interval = Duration.seconds(2)

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { tasks in
                tasks.addTask {
                    for await _ in signals {
                        Logger(label: "homeport").notice(
                            "reading certificates again", metadata: ["signal": "HUP"])
                        await keeper.look(all: true)
                    }
                }
                tasks.addTask { await own?.run() }
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
