internal import Glibc
internal import Logging
internal import ServerKit
internal import ServiceLifecycle
internal import UnixSignals

/// Runs the services until the process is told to stop: the first SIGTERM or SIGINT lets running transfers
/// finish, a second one cuts them, and ends the process whatever hangs.
struct StopSignals: Sendable {
    let group: ServiceGroup
    /// Told once, before anything stops.
    var onStop: @Sendable () -> Void = {}

    /// How long everything has to be put away in order after the second signal.
    private static let patience = Duration.seconds(3)

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
                    if count > 1 {
                        log.notice(
                            "stopping at once; running transfers are cut", metadata: ["signal": "\(signal)"])
                        LastResort.begin(after: Self.patience)
                        break
                    }
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

/// Ends the process when it does not end by itself.
///
/// That loses nothing: what was acknowledged lies on disk, in the database's log at the least, where the next start
/// finds it. What waited for the audit trail in memory is lost.
private enum LastResort {
    /// Has a thread of its own: what hangs may be those that tasks run on.
    private static let threads = BlockingThreads(count: 1, queueMax: 1)

    static func begin(after patience: Duration) {
        threads.begin {
            sleep(UInt32(patience.components.seconds))
            Logger(label: "homeport").error(
                "ended without waiting any more; what was acknowledged lies on disk, and the next start takes it up"
            )
            _exit(ExitStatus.refused.rawValue)
        }
    }
}

/// Runs to its end what is to be written whether or not somebody still has patience: what is cancelled writes nothing.
func toItsEnd(_ work: @escaping @Sendable () async -> Void) async { await Task(operation: work).value }
