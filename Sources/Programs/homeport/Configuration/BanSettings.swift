internal import Doorkeeper
internal import FoundationEssentials
internal import ServerKit

/// `bans:` which addresses nobody is served at, and who is never among them.
struct BanSettings: ConfigurationSection {
    var failures = 100
    var window = Duration.seconds(600)
    var time = Duration.seconds(3600)
    var timeMax = Duration.seconds(7 * 86_400)
    var allowed = [TrustedRange("127.0.0.0/8"), TrustedRange("::1")].compactMap(\.self)

    static var keys: [Key<Self>] {
        [
            .value("failures", \.failures, .integer(0...1_000_000)),
            .value("window", \.window, .duration(.seconds(1) ... .seconds(86_400))),
            .value("time", \.time, .duration(.seconds(1) ... .seconds(3660 * 86_400))),
            .value("time_max", \.timeMax, .duration(.seconds(1) ... .seconds(3660 * 86_400))),
            .value("allow", \.allowed, .list(of: .trustedRange)),
        ]
    }

    func contradictions() -> [(key: String, message: String)] {
        guard timeMax < time else { return [] }
        return [
            (
                "time_max",
                "\(DurationText.show(timeMax)) is less than `bans.time`, which is \(DurationText.show(time))"
            )
        ]
    }
}

extension Configuration {
    /// Proxies speak for others, and are never banned themselves.
    var banSettings: BanList.Settings {
        BanList.Settings(
            failures: bans.failures > 0 ? bans.failures : nil,
            window: TimeInterval(milliseconds: bans.window), time: TimeInterval(milliseconds: bans.time),
            timeMax: TimeInterval(milliseconds: bans.timeMax),
            allowed: (bans.allowed + proxies.trusted).map(\.range))
    }

    func doorkeeper(_ list: BanList, succeeding predecessor: Doorkeeper? = nil) -> Doorkeeper {
        Doorkeeper(
            bans: list,
            requestsPerMinute: limits.requestsPerAddressMax > 0 ? limits.requestsPerAddressMax : nil,
            succeeding: predecessor)
    }
}
