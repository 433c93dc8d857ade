internal import CoreMetrics
internal import FoundationEssentials
internal import Logging
internal import Registry
internal import ServiceLifecycle

/// Goes through everything stored once in a while, slowly, so that what a disk has lost is found while others
/// still have it.
struct BackgroundCheck: Service {
    let verifier: Verifier
    let ledger: any DamageLedger
    let settings: VerifySettings
    let now: @Sendable () -> Date
    /// Whether it is this server that checks.
    let isOnDuty: @Sendable () async throws -> Bool
    /// Writes into the trail how a check ended.
    let note: @Sendable (String) async throws -> Void

    /// A server that has just started has more urgent work, and one that keeps being started anew none for
    /// this.
    private static let settlingTime = Duration.seconds(60)
    /// How often it looks whether it is time.
    private static let step = Duration.seconds(60)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let log = Logger(label: "homeport.verify")
            var wait = min(Self.settlingTime, settings.interval)
            while (try? await ContinuousClock().sleep(for: wait)) != nil {
                wait = Self.step
                do {
                    CheckMetrics.damaged(try await ledger.damageCount())
                    guard settings.isOn else { continue }
                    let rest = try await timeLeft()
                    if rest <= .zero, try await isOnDuty() { try await check(log) }
                    wait = min(Self.step, rest > .zero ? rest : settings.interval)
                } catch is CancellationError {
                    return
                } catch {
                    log.warning(
                        "checking what is stored failed; it is gone on with later",
                        metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// Until the next check; nothing when one was never finished.
    private func timeLeft() async throws -> Duration {
        guard let end = try await verifier.last()?.finishedAt else { return .zero }
        return settings.interval - .seconds(now().timeIntervalSince(end))
    }

    private func check(_ log: Logger) async throws {
        let found = try await verifier.run(bytesPerSecond: settings.rate) { CheckMetrics.read($0.bytes) }
        CheckMetrics.finished(at: found.finishedAt ?? now())
        CheckMetrics.damaged(try await ledger.damageCount())
        try await note(found.words)
        log.log(
            level: found.isClean ? .info : .error, "everything stored was checked",
            metadata: [
                "blobs": "\(found.blobs)", "bytes": "\(found.bytes)", "manifests": "\(found.manifests)",
                "damaged": "\(found.damagedBlobs + found.damagedManifests)",
                "incomplete": "\(found.incompleteCount)", "strays": "\(found.strays)",
            ])
    }

    /// Writes down and counts what was found damaged, by a check or by a pull.
    @Sendable static func report(_ damage: Damage) {
        var metadata: Logger.Metadata = [
            "digest": "\(damage.subject.digest)", "problem": "\(damage.detail)",
        ]
        if case .manifest(_, let repository) = damage.subject { metadata["repository"] = "\(repository)" }
        if let place = damage.keptAt { metadata["kept"] = "\(place)" }
        Logger(label: "homeport.verify").error(
            "something stored is damaged and no longer served; `homeport verify` says what to do",
            metadata: metadata)
        CheckMetrics.foundDamage()
    }

    /// What `/readyz` says of it: a server that misses a blob still serves all others.
    @Sendable func finding() async -> String? {
        guard let count = try? await ledger.damageCount(), count > 0 else { return nil }
        return "\(count); `homeport verify` says what to do"
    }
}

extension CheckProgress {
    /// How a check ended, for the trail.
    var words: String { isClean ? "nothing was damaged" : "damage was found" }
}

/// Every number that checks report, in one place, so that a dashboard can be read off this file.
enum CheckMetrics {
    private static let known = Meter(label: "homeport_damaged")
    private static let found = Counter(label: "homeport_damage_found_total")
    private static let bytes = Meter(label: "homeport_verify_bytes")
    private static let end = Meter(label: "homeport_verify_finished_timestamp_seconds")

    /// Has every number shown from the beginning.
    static func begin() { _ = (known, found, bytes, end) }

    static func damaged(_ count: Int) { known.set(count) }
    static func foundDamage() { found.increment() }
    /// By the check that is under way.
    static func read(_ count: Int64) { bytes.set(count) }
    static func finished(at date: Date) { end.set(date.timeIntervalSince1970) }
}
