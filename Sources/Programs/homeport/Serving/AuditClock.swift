internal import Audit
internal import FoundationEssentials
internal import Logging
internal import ServiceLifecycle

/// Has what waits for the trail written down every second, and forgets what is too old.
struct AuditClock: Service {
    let recorder: AuditRecorder
    let trail: any AuditTrail
    /// As they are now.
    let settings: @Sendable () -> AuditSettings
    let now: @Sendable () -> Date

    private static let interval = Duration.seconds(1)
    /// Old entries are looked for once in so many rounds.
    private static let roundsPerSweep = 60
    /// How many are forgotten by one transaction.
    private static let sweepSize = 1000

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var round = 0
            while (try? await ContinuousClock().sleep(for: Self.interval)) != nil {
                await toItsEnd { await recorder.flush() }
                if round % Self.roundsPerSweep == 0 { await forgetOld() }
                round += 1
            }
        }
        // The door is closed by now: this is the last of it.
        await toItsEnd { await recorder.flush() }
    }

    private func forgetOld() async {
        let settings = settings()
        let moment = now().addingTimeInterval(-Double(settings.keepTime.components.seconds))
        do {
            while try await trail.forget(
                before: moment, keeping: settings.entriesMax, limit: Self.sweepSize) == Self.sweepSize
            {
                try Task.checkCancellation()
            }
        } catch is CancellationError {
            return
        } catch {
            Logger(label: "homeport.audit").warning(
                "old entries of the trail could not be removed; it is tried again",
                metadata: ["error": "\(error)"])
        }
    }
}
