/// `garbage:` how the registry looks after its storage.
struct GarbageSettings: ConfigurationSection {
    enum Untagged: String, CaseIterable {
        case collect, keep
    }

    var isScheduled = true
    var interval = Duration.seconds(3600)
    var graceTime = Duration.seconds(86_400)
    var untagged = Untagged.collect
    var historyTime = Duration.seconds(365 * 86_400)
    var historyMax = 1_000_000

    static var keys: [Key<Self>] {
        [
            .value("scheduled", \.isScheduled, .flag),
            .value("interval", \.interval, .duration(.seconds(60) ... .seconds(30 * 86_400))),
            .value("grace_time", \.graceTime, .duration(.seconds(600) ... .seconds(3650 * 86_400))),
            .value("untagged", \.untagged, .choice),
            .value("history_time", \.historyTime, .duration(.seconds(86_400) ... .seconds(3650 * 86_400))),
            .value("history_max", \.historyMax, .integer(1000...1_000_000_000)),
        ]
    }
}
