internal import CoreMetrics
internal import Doorkeeper
internal import Logging
internal import ServiceLifecycle

/// Has the bans that the server makes written down every second, and forgets those that are long over.
struct BanClock: Service {
    let bans: BanList

    private static let interval = Duration.seconds(1)
    private static let roundsPerSweep = 600

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var round = 0
            repeat {
                await toItsEnd { await bans.settle() }
                if round % Self.roundsPerSweep == 0 { await sweep() }
                round += 1
            } while (try? await ContinuousClock().sleep(for: Self.interval)) != nil
        }
        // The door is closed by now: these are the last.
        await toItsEnd { await bans.settle() }
    }

    private func sweep() async {
        do {
            try await bans.sweep()
        } catch {
            Logger(label: "homeport.bans").warning(
                "old bans could not be forgotten; it is tried again", metadata: ["error": "\(error)"])
        }
    }
}

enum BanMetrics {
    private static let inForce = Meter(label: "homeport_bans")
    private static let madeByItself = Counter(label: "homeport_bans_made_total")

    /// Has every number shown from the beginning.
    static func begin() { _ = (inForce, madeByItself) }

    static func made() { madeByItself.increment() }

    static func show(_ count: Int) { inForce.set(count) }
}
