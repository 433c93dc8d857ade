package import FoundationEssentials
import Logging
import Metrics
import ServerKit
import Synchronization

/// Takes down what happens too often for a transaction each: pulls, sign-ins, refusals.
///
/// Events wait in memory until `flush`, which is to be called every second; what happens again meanwhile is
/// counted and not written twice. So a pull costs a look into a table, and a crash loses the last second.
/// When too many wait, further ones are dropped and counted.
package final class AuditRecorder: Sendable {
    /// What makes two events the same but for the time.
    private struct Key: Hashable {
        let account: String
        let address: String?
        let action: AuditAction
        let outcome: AuditOutcome
        let subject: String
        let detail: String
    }

    private struct State {
        var places: [Key: Int] = [:]
        var events: [AuditEvent] = []
    }

    /// How many events may wait.
    package static let waitingMax = 10_000
    /// How many are written by one transaction.
    private static let batchMax = 500

    private let trail: any AuditTrail
    private let kinds: Set<AuditKind>
    private let now: @Sendable () -> Date
    private let state = Mutex(State())
    private let waitingMax: Int

    /// - Parameter kinds: what is recorded.
    package init(
        _ trail: any AuditTrail, kinds: Set<AuditKind>, waitingMax: Int = AuditRecorder.waitingMax,
        now: @Sendable @escaping () -> Date
    ) {
        self.trail = trail
        self.kinds = kinds
        self.waitingMax = waitingMax
        self.now = now
    }

    /// Notes an event, from where the task's request came. Never waits.
    package func note(
        _ action: AuditAction, _ outcome: AuditOutcome = .done, by account: String, of subject: String,
        _ detail: @autoclosure () -> String = ""
    ) {
        guard kinds.contains(action.kind) else { return }
        let origin = RequestOrigin.current
        let key = Key(
            account: account, address: origin.address, action: action, outcome: outcome, subject: subject,
            detail: detail())
        let isTaken = state.withLock { state in
            if let place = state.places[key] {
                state.events[place].count += 1
                return true
            }
            guard state.events.count < waitingMax else { return false }
            state.places[key] = state.events.count
            state.events.append(
                AuditEvent(
                    at: now(), account: account, origin: origin, action: action, outcome: outcome,
                    subject: subject, detail: key.detail))
            return true
        }
        if !isTaken { AuditMetrics.dropped.increment() }
    }

    /// Writes down what waits. What cannot be written is dropped and counted, so that a trail out of order
    /// stops nobody.
    package func flush() async {
        var events = state.withLock { state in
            defer { state = State() }
            return state.events[...]
        }
        while !events.isEmpty {
            let batch = Array(events.prefix(Self.batchMax))
            events = events.dropFirst(batch.count)
            do {
                try await trail.record(batch)
                AuditMetrics.recorded.increment(by: batch.count)
            } catch {
                AuditMetrics.dropped.increment(by: batch.count)
                Logger.current.warning(
                    "what happened could not be written to the trail",
                    metadata: ["events": "\(batch.count)", "error": "\(error)"])
            }
        }
    }
}

/// Every number the trail reports.
package enum AuditMetrics {
    static let recorded = Counter(label: "homeport_audit_batched_total")
    static let dropped = Counter(label: "homeport_audit_dropped_total")

    /// Has every number shown from the beginning.
    package static func begin() { _ = (recorded, dropped) }
}
