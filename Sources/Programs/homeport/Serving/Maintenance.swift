internal import Accounts
internal import Logging
internal import Registry
internal import ServiceLifecycle

/// What a server does beside answering: clears away abandoned uploads and tokens whose time is over.
struct Maintenance: Service {
    let tokens: AccessTokens
    let registry: Registry

    private static let interval = Duration.seconds(60)
    /// Tokens are looked through once in so many rounds.
    private static let roundsPerTokenSweep = 60

    func run() async throws {
        let log = Logger(label: "homeport.maintenance")
        await cancelWhenGracefulShutdown {
            var round = 0
            while !Task.isCancelled {
                do {
                    try await ContinuousClock().sleep(for: Self.interval)
                } catch {
                    return
                }
                do {
                    _ = try await registry.sweepUploads()
                    if round % Self.roundsPerTokenSweep == 0 { _ = try await tokens.removeExpired() }
                } catch {
                    log.warning("clearing away failed; it is tried again", metadata: ["error": "\(error)"])
                }
                round += 1
            }
        }
    }
}
