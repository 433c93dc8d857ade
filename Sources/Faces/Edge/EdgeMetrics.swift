import Metrics

/// Every number the door reports, in one place, so that a dashboard can be read off this file.
enum EdgeMetrics {
    private static let refused = Counter(label: "homeport_connections_refused_total")
    private static let answers = (1...5).map { status in
        Counter(label: "homeport_http_requests_total", dimensions: [("status", "\(status)xx")])
    }
    private static let durations = Timer(label: "homeport_http_request_duration_seconds")
    private static let bytesSent = Counter(label: "homeport_http_response_bytes_total")

    static func refusedConnection() { refused.increment() }

    static func answered(status: Int, bytes: Int64, duration: Duration) {
        if (100...599).contains(status) { answers[status / 100 - 1].increment() }
        if bytes > 0 { bytesSent.increment(by: bytes) }
        durations.record(duration: duration)
    }
}
