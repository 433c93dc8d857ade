internal import CoreMetrics
internal import FoundationEssentials
internal import Logging
internal import Registry
internal import ServiceLifecycle

/// Collects garbage from time to time while the server runs.
struct Collecting: Service {
    let registry: Registry
    let garbage: any GarbageStore
    let policy: GarbagePolicy
    let interval: Duration
    /// Whether it is this server that collects.
    let isOnDuty: @Sendable () async throws -> Bool
    /// Told of what each pass freed.
    let onReport: @Sendable (GarbageReport) async throws -> Void

    /// The first pass comes soon after the start, but lets clients be served first.
    private static let firstDelay = Duration.seconds(60)
    /// How often all files are looked at. It takes longer than anything else, and finds only what crashes
    /// left.
    private static let walkInterval = Duration.seconds(86_400)

    func run() async throws {
        let log = Logger(label: "homeport.garbage")
        await cancelWhenGracefulShutdown {
            var delay = min(Self.firstDelay, interval)
            var nextWalk = ContinuousClock.now
            while !Task.isCancelled {
                do {
                    try await ContinuousClock().sleep(for: delay)
                    delay = interval
                    guard try await isOnDuty() else { continue }
                    let isWalk = ContinuousClock.now >= nextWalk
                    try await pass(walking: isWalk)
                    if isWalk { nextWalk = ContinuousClock.now + Self.walkInterval }
                } catch is CancellationError {
                    return
                } catch {
                    GarbageMetrics.failed()
                    log.warning(
                        "collecting garbage failed; it is tried again", metadata: ["error": "\(error)"])
                }
                delay = interval
            }
        }
    }

    private func pass(walking: Bool) async throws {
        var policy = policy
        policy.looksForStrays = walking
        let start = ContinuousClock.now
        let report = try await GarbageCollector(registry, garbage: garbage, policy: policy).collect()
        GarbageMetrics.passed(report, took: ContinuousClock.now - start, at: Date())
        try await onReport(report)
    }
}

/// Every number about collecting, in one place.
enum GarbageMetrics {
    private static let runs = Counter(label: "homeport_garbage_runs_total", dimensions: [("outcome", "done")])
    private static let failures = Counter(
        label: "homeport_garbage_runs_total", dimensions: [("outcome", "failed")])
    private static let lastRun = Meter(label: "homeport_garbage_last_run_timestamp_seconds")
    private static let lastDuration = Meter(label: "homeport_garbage_last_run_seconds")
    private static let manifests = Counter(label: "homeport_garbage_manifests_total")
    private static let blobs = Counter(label: "homeport_garbage_blobs_total")
    private static let bytes = Counter(label: "homeport_garbage_bytes_total")
    private static let uploads = Counter(label: "homeport_garbage_uploads_total")
    private static let repositories = Counter(label: "homeport_garbage_repositories_total")

    static func passed(_ report: GarbageReport, took duration: Duration, at date: Date) {
        runs.increment()
        lastRun.set(date.timeIntervalSince1970)
        lastDuration.set(duration / .seconds(1))
        manifests.increment(by: report.manifests)
        blobs.increment(by: report.blobs)
        bytes.increment(by: report.bytes)
        uploads.increment(by: report.uploads)
        repositories.increment(by: report.repositories)
    }

    static func failed() { failures.increment() }
}

extension GarbageReport {
    /// For the trail; nil when there was nothing to free.
    var words: String? {
        guard manifests + blobs + uploads + repositories > 0 else { return nil }
        return "\(manifests) manifests, \(blobs) blobs, \(uploads) uploads and \(repositories) repositories: "
            + "\(bytes) bytes"
    }
}
