import FoundationEssentials
import Synchronization
import Weather

/// How often a service may be asked: in no stretch of so many seconds more than so many times.
///
/// What the services ask of those who use them for nothing, or count out to those who pay; a program with many
/// places keeps to it by asking less often. Counted from the start of the program.
final class Quota: Sendable {
    struct Rule: Hashable, Sendable {
        let count: Int
        let seconds: Double
    }

    /// The times of the last questions, as many as a rule counts, in a ring.
    private struct Ring {
        let rule: Rule
        var times: [Double] = []
        var next = 0

        /// How long to wait until one more is allowed.
        func wait(at now: Double) -> Double {
            times.count < rule.count ? 0 : max(0, times[next] + rule.seconds - now)
        }

        mutating func add(_ now: Double) {
            if times.count < rule.count { times.append(now) } else { times[next] = now }
            next = (next + 1) % rule.count
        }
    }

    private let rings: Mutex<[Ring]>

    init(_ rules: [Rule]) {
        rings = Mutex(rules.filter { $0.count > 0 }.map { Ring(rule: $0) })
    }

    /// Takes one question; nil when it may be asked, else the seconds until it may.
    func take(at moment: Date) -> Int? {
        let now = moment.timeIntervalSince1970
        return rings.withLock { rings in
            let wait = rings.map { $0.wait(at: now) }.max() ?? 0
            guard wait == 0 else { return Int(wait.rounded(.up)) }
            for index in rings.indices { rings[index].add(now) }
            return nil
        }
    }
}

extension SourceName {
    private static let minute = 60.0
    private static let day = 86_400.0

    /// What the service allows at its usual address; at another one what the operator says.
    func quota(_ settings: SourceSettings) -> [Quota.Rule] {
        let own = settings.perDay.map { [Quota.Rule(count: $0, seconds: Self.day)] }
        guard settings.baseURL == nil else { return own ?? [] }
        switch self {
        case .openMeteo:
            // 600 calls in a minute, 5,000 in an hour and 10,000 in a day, of which fifteen variables for
            // eleven days count one and a half. Customers have a host of their own.
            guard settings.key == nil else { return own ?? [] }
            return [Quota.Rule(count: 400, seconds: Self.minute), Quota.Rule(count: 3300, seconds: 3600)]
                + (own ?? [Quota.Rule(count: 6600, seconds: Self.day)])
        case .metNorway: return [Quota.Rule(count: 20, seconds: 1)] + (own ?? [])
        case .brightSky, .nationalWeatherService, .weatherUnderground: return own ?? []
        case .openWeatherMap:
            return [Quota.Rule(count: 60, seconds: Self.minute)]
                + (own ?? [Quota.Rule(count: 1000, seconds: Self.day)])
        case .pirateWeather: return own ?? [Quota.Rule(count: 10_000, seconds: 30 * Self.day)]
        case .weatherCompany:
            return [Quota.Rule(count: 30, seconds: Self.minute)]
                + (own ?? [Quota.Rule(count: 1500, seconds: Self.day)])
        }
    }
}
