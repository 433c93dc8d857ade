internal import Audit

/// `audit:` what the trail records, and for how long.
struct AuditSettings: ConfigurationSection {
    var events = AuditKind.allCases
    var keepTime = Duration.seconds(365 * 86_400)
    var entriesMax = 1_000_000

    static var keys: [Key<Self>] {
        [
            .value("events", \.events, .list(of: .choice)),
            .value("keep_time", \.keepTime, .duration(.seconds(3600) ... .seconds(3660 * 86_400))),
            .value("entries_max", \.entriesMax, .integer(1000...1_000_000_000)),
        ]
    }
}
