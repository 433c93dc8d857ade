internal import Audit
internal import Logging
internal import Registry
internal import ServiceLifecycle

/// Has retention run: once when the server starts, and then again and again.
struct RetentionClock: Service {
    let stores: Stores
    let retention: Retention
    let interval: Duration

    func run() async throws {
        let log = Logger(label: "homeport.retention")
        await cancelWhenGracefulShutdown {
            repeat {
                do {
                    guard try await stores.isOnDuty("retention", for: interval) else { continue }
                    let summary = try await retention.run(isDryRun: false)
                    UpkeepMetrics.ended(.retention, at: stores.now())
                    UpkeepMetrics.retired(summary.removed)
                    if summary.removed > 0 {
                        try await stores.note(.retention, by: Retention.account, summary.words)
                    }
                    log.info(
                        "retention has run",
                        metadata: [
                            "repositories": "\(summary.repositories)", "removed": "\(summary.removed)",
                            "kept": "\(summary.kept)",
                        ])
                } catch is CancellationError {
                    return
                } catch {
                    UpkeepMetrics.failed(.retention)
                    log.warning("retention broke off; it is tried again", metadata: ["error": "\(error)"])
                }
            } while (try? await ContinuousClock().sleep(for: interval)) != nil
        }
    }
}

extension RetentionSummary {
    /// For people.
    var words: String { "\(removed) tags removed, \(kept) kept, in \(repositories) repositories" }
}
