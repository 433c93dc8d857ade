import Metrics
import ServerKit

/// Every number about S3.
package enum S3Metrics {
    private enum Outcome: String, CaseIterable {
        case done, missing, conflict, refused, unavailable, failed
    }

    private static let requests: [S3Request.Method: [Outcome: Counter]] = Dictionary(
        uniqueKeysWithValues: S3Request.Method.allCases.map { method in
            let counters = Outcome.allCases.map { outcome in
                let dimensions = [("method", method.rawValue), ("outcome", outcome.rawValue)]
                return (outcome, Counter(label: "homeport_s3_requests_total", dimensions: dimensions))
            }
            return (method, Dictionary(uniqueKeysWithValues: counters))
        })
    private static let durations: [S3Request.Method: Timer] = Dictionary(
        uniqueKeysWithValues: S3Request.Method.allCases.map { method in
            let dimensions = [("method", method.rawValue)]
            return (method, Timer(label: "homeport_s3_request_duration_seconds", dimensions: dimensions))
        })
    private static let repetitions = Counter(label: "homeport_s3_repetitions_total")
    private static let reachable = Meter(label: "homeport_s3_reachable")

    /// Has every number shown from the beginning.
    package static func begin() {
        _ = (requests, durations, repetitions)
        reachable.set(1)
    }

    /// A request has ended, well where there is no failure.
    static func answered(_ method: S3Request.Method, _ failure: S3Failure?, took duration: Duration) {
        let outcome: Outcome =
            switch failure?.kind {
            case nil: .done
            case .missing?: .missing
            case .conflict?: .conflict
            case .refused?, .full?: .refused
            case .unavailable?: .unavailable
            case .damaged?, .failed?: .failed
            }
        requests[method]?[outcome]?.increment()
        durations[method]?.record(duration: duration)
        if case .away? = failure { reachable.set(0) } else { reachable.set(1) }
    }

    static func repeated() { repetitions.increment() }
}
