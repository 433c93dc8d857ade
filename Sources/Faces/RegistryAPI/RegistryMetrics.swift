import Metrics

/// Every number the registry reports, in one place, so that a dashboard can be read off this file. Labels
/// come from closed sets.
package enum RegistryMetrics {
    enum UploadEvent: String, CaseIterable {
        case begun, finished, cancelled, mounted
    }

    enum ManifestEvent: String, CaseIterable {
        case pulled, unchanged, pushed, deleted
    }

    private static let requests: [RouteLabel: [Counter]] = table(of: RouteLabel.allCases) { label in
        (1...5).map {
            Counter(
                label: "homeport_registry_requests_total",
                dimensions: [("route", label.rawValue), ("status", "\($0)xx")])
        }
    }
    private static let durations: [RouteLabel: Timer] = table(of: RouteLabel.allCases) {
        Timer(
            label: "homeport_registry_request_duration_seconds", dimensions: [("route", $0.rawValue)])
    }
    private static let uploads: [UploadEvent: Counter] = table(of: UploadEvent.allCases) {
        Counter(label: "homeport_registry_uploads_total", dimensions: [("event", $0.rawValue)])
    }
    private static let manifests: [ManifestEvent: Counter] = table(of: ManifestEvent.allCases) {
        Counter(label: "homeport_registry_manifests_total", dimensions: [("event", $0.rawValue)])
    }
    private static let bytesSent = Counter(label: "homeport_registry_blob_sent_bytes_total")
    private static let bytesReceived = Counter(label: "homeport_registry_blob_received_bytes_total")
    private static let denials = Counter(label: "homeport_registry_denials_total")

    /// Has every number shown from the beginning.
    package static func begin() {
        _ = (requests, durations, uploads, manifests, bytesSent, bytesReceived, denials)
    }

    static func answered(_ route: RouteLabel, status: Int, duration: Duration) {
        guard (100...599).contains(status) else { return }
        durations[route]?.record(duration: duration)
        requests[route]?[status / 100 - 1].increment()
        if status == 401 || status == 403 { denials.increment() }
    }

    static func upload(_ event: UploadEvent) { uploads[event]?.increment() }
    static func manifest(_ event: ManifestEvent) { manifests[event]?.increment() }
    static func sent(bytes: Int64) { if bytes > 0 { bytesSent.increment(by: bytes) } }
    static func received(bytes: Int64) { if bytes > 0 { bytesReceived.increment(by: bytes) } }

    private static func table<Key: Hashable, Value>(of keys: [Key], _ value: (Key) -> Value) -> [Key: Value] {
        Dictionary(uniqueKeysWithValues: keys.map { ($0, value($0)) })
    }
}
