internal import Logging
internal import ServiceLifecycle

/// Work that a server does beside answering, over and over: clearing away what has been abandoned.
struct Maintenance: Service {
    /// What is cleared away, for the log.
    let name: String
    /// How long the first time is waited for, when that is not as long as every other.
    var first: Duration? = nil
    let every: Duration
    let work: @Sendable () async throws -> Void

    func run() async throws {
        let log = Logger(label: "homeport.maintenance")
        await cancelWhenGracefulShutdown {
            var pause = first ?? every
            while !Task.isCancelled {
                do {
                    try await ContinuousClock().sleep(for: pause)
                } catch {
                    return
                }
                pause = every
                do {
                    try await work()
                } catch {
                    log.warning(
                        "clearing away failed; it is tried again",
                        metadata: ["what": "\(name)", "error": "\(error)"])
                }
            }
        }
    }
}
