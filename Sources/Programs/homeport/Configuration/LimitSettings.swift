/// `limits:` what the door puts up with.
struct LimitSettings: ConfigurationSection {
    var headerSizeMax = 32 << 10
    var headerCountMax = 100
    var headerTime = Duration.seconds(20)
    var idleTime = Duration.seconds(75)
    var writeTime = Duration.seconds(120)
    var connectionsMax = 10_000
    var connectionsPerAddressMax = 500
    var requestsMax = 5_000
    var requestsPerAddressMax = 30_000
    var requestsPerAccountMax = 0
    var stopTime = Duration.seconds(300)
    var diskFreeMin = 256 << 20

    static var keys: [Key<Self>] {
        [
            .value("header_size_max", \.headerSizeMax, .size(4 << 10...1 << 20)),
            .value("header_count_max", \.headerCountMax, .integer(20...1000)),
            .value("header_time", \.headerTime, .duration(.milliseconds(100) ... .seconds(600))),
            .value("idle_time", \.idleTime, .duration(.seconds(1) ... .seconds(3600))),
            .value("write_time", \.writeTime, .duration(.seconds(1) ... .seconds(3600))),
            .value("connections_max", \.connectionsMax, .integer(1...1_000_000)),
            .value("connections_per_address_max", \.connectionsPerAddressMax, .integer(1...1_000_000)),
            .value("requests_max", \.requestsMax, .integer(1...1_000_000)),
            .value("requests_per_address_max", \.requestsPerAddressMax, .integer(0...10_000_000)),
            .value("requests_per_account_max", \.requestsPerAccountMax, .integer(0...10_000_000)),
            .value("stop_time", \.stopTime, .duration(.seconds(0) ... .seconds(3600))),
            .value("disk_free_min", \.diskFreeMin, .size(0...1 << 60)),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        guard connectionsMax < connectionsPerAddressMax else { return [] }
        let message =
            "\(connectionsMax) is less than `limits.connections_per_address_max`, which is \(connectionsPerAddressMax)"
        return [("connections_max", message)]
    }
}
