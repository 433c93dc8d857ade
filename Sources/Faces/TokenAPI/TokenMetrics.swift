import Metrics

/// Every number the token server reports, in one place, so that a dashboard can be read off this file.
package enum TokenMetrics {
    enum Outcome: String, CaseIterable {
        case issued, refused, malformed, unavailable
        case heldBack = "held_back"
    }

    private static let requests: [Outcome: Counter] = Dictionary(
        uniqueKeysWithValues: Outcome.allCases.map { outcome in
            (
                outcome,
                Counter(label: "homeport_token_requests_total", dimensions: [("outcome", outcome.rawValue)])
            )
        })

    /// Has every number shown from the beginning.
    package static func begin() { _ = requests }

    static func count(_ outcome: Outcome) { requests[outcome]?.increment() }
}
