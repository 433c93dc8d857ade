import Metrics

/// Every number the database reports, in one place.
package enum DatabaseMetrics {
    private static let transactions = Counter(label: "homeport_database_transactions_total")
    private static let changes = Counter(label: "homeport_database_changes_total")
    private static let busy = Counter(label: "homeport_database_busy_total")
    private static let durations = Timer(label: "homeport_database_transaction_duration_seconds")

    /// Has every number shown from the beginning.
    package static func begin() { _ = (transactions, changes, busy, durations) }

    static func committed(changes count: Int, duration: Duration) {
        transactions.increment()
        changes.increment(by: count)
        durations.record(duration: duration)
    }

    static func wasBusy() { busy.increment() }
}
