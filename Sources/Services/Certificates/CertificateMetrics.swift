import CoreMetrics
import FoundationEssentials

/// Every number about certificates, in one place, so that a dashboard can be read off this file.
///
/// A certificate is labelled by its first name: there are as many as the configuration has.
enum CertificateMetrics {
    private static let reloads = ["read", "failed"].map { result in
        Counter(label: "homeport_certificate_reloads_total", dimensions: [("result", result)])
    }

    private static let orders = ["obtained", "failed"].map { result in
        Counter(label: "homeport_certificate_orders_total", dimensions: [("result", result)])
    }

    static func obtained() { orders[0].increment() }
    static func failedToObtain() { orders[1].increment() }

    static func reloaded() { reloads[0].increment() }
    static func failedToReload() { reloads[1].increment() }

    /// When the certificate ends, in seconds since 1970.
    static func shows(_ title: String, until end: Date) {
        meter(title).set(Int64(end.timeIntervalSince1970))
    }

    /// It is not shown any more, and its end is nobody's concern.
    static func forget(_ title: String) { meter(title).destroy() }

    private static func meter(_ title: String) -> Meter {
        Meter(label: "homeport_certificate_end_timestamp_seconds", dimensions: [("certificate", title)])
    }
}
