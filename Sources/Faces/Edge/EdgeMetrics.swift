import Metrics

/// Every number the door reports, in one place, so that a dashboard can be read off this file.
package enum EdgeMetrics {
    private static let refused = Counter(label: "homeport_connections_refused_total")
    private static let answers = (1...5).map { status in
        Counter(label: "homeport_http_requests_total", dimensions: [("status", "\(status)xx")])
    }
    private static let durations = Timer(label: "homeport_http_request_duration_seconds")
    private static let bytesSent = Counter(label: "homeport_http_response_bytes_total")

    private static let turnedAway = Dictionary(
        uniqueKeysWithValues: Reason.allCases.map { reason in
            (
                reason,
                Counter(
                    label: "homeport_requests_refused_total", dimensions: [("reason", reason.rawValue)])
            )
        })

    /// Why a request was not even looked at.
    enum Reason: String, CaseIterable {
        case banned
        /// Its address asks too much.
        case budget
    }

    private static let handshakes = Counter(label: "homeport_tls_handshakes_failed_total")

    static func failedHandshake() { handshakes.increment() }

    /// Has every number shown from the beginning.
    package static func begin() { _ = (refused, answers, durations, bytesSent, turnedAway, handshakes) }

    static func refused(_ reason: Reason) { turnedAway[reason]?.increment() }

    static func refusedConnection() { refused.increment() }

    static func answered(status: Int, bytes: Int64, duration: Duration) {
        if (100...599).contains(status) { answers[status / 100 - 1].increment() }
        if bytes > 0 { bytesSent.increment(by: bytes) }
        durations.record(duration: duration)
    }
}
