import CoreMetrics
import ServerKit

/// Every number about MongoDB.
package enum MongoMetrics {
    private enum Outcome: String, CaseIterable {
        case done, refused, unavailable, failed
    }

    private static let calls: [Outcome: Counter] = Dictionary(
        uniqueKeysWithValues: Outcome.allCases.map {
            ($0, Counter(label: "homeport_mongodb_calls_total", dimensions: [("outcome", $0.rawValue)]))
        })
    private static let reachable = Meter(label: "homeport_mongodb_reachable")
    private static let skipped = Meter(label: "homeport_mongodb_skipped_documents")

    /// Has every number shown from the beginning.
    package static func begin() {
        _ = (calls, skipped)
        reachable.set(1)
    }

    /// A call has ended, well where there is no kind of error.
    static func count(_ kind: StoreError.Kind?) {
        let outcome: Outcome =
            switch kind {
            case nil: .done
            case .conflict?, .missing?, .refused?: .refused
            case .unavailable?: .unavailable
            case .full?, .damaged?, .failed?: .failed
            }
        calls[outcome]?.increment()
    }

    static func isReachable(_ isReachable: Bool) { reachable.set(isReachable ? 1 : 0) }
    static func skipped(_ count: Int) { skipped.set(count) }
}
