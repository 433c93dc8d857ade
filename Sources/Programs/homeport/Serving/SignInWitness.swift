internal import Accounts
internal import Audit
internal import CoreMetrics
internal import Doorkeeper

/// Counts who signs in or fails to, and has it written into the trail. Whoever fails too often is banned.
struct SignInWitness: Sendable {
    let audit: AuditRecorder
    let bans: BanList

    func saw(_ event: SignInEvent) {
        SignInMetrics.count(event.outcome)
        if event.outcome != .signedIn { bans.noteFailure(from: event.address) }
        switch event.outcome {
        case .signedIn: audit.note(.signIn, by: event.account, of: event.account, event.way)
        case .failed: audit.note(.signIn, .failed, by: event.account, of: event.account)
        case .heldBack: audit.note(.signIn, .refused, by: event.account, of: event.account, "held back")
        }
    }
}

enum SignInMetrics {
    private static let counters: [SignInEvent.Outcome: Counter] = Dictionary(
        uniqueKeysWithValues: SignInEvent.Outcome.allCases.map {
            ($0, Counter(label: "homeport_sign_ins_total", dimensions: [("outcome", $0.rawValue)]))
        })

    /// Has every number shown from the beginning.
    static func begin() { _ = counters }

    static func count(_ outcome: SignInEvent.Outcome) { counters[outcome]?.increment() }
}
