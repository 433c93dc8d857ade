internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Runs the services until the process is told to stop: the first SIGTERM or SIGINT lets running transfers
/// finish, a second one does not wait for them.
struct StopSignals: Sendable {
    let group: ServiceGroup
    /// Told once, before anything stops.
    var onStop: @Sendable () -> Void = {}

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let log = Logger(label: "homeport")
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await group.run()
                return true
            }
            tasks.addTask {
                var count = 0
                for await signal in signals {
                    count += 1
                    if count > 1 { break }
                    onStop()
                    log.notice("stopping; running transfers may finish", metadata: ["signal": "\(signal)"])
                    await group.triggerGracefulShutdown()
                }
                return false
            }
            defer { tasks.cancelAll() }
            // Whichever ends first ends the other: the services by themselves, or somebody's patience.
            _ = try await tasks.next()
        }
    }
}
