internal import Access
internal import Accounts
internal import FoundationEssentials
internal import Logging
internal import MongoStore
internal import ServerKit
internal import Synchronization

/// The databases of MongoDB that a configuration asks, looked after as long as this lives.
final class DockerAuthDatabases: Sendable {
    let plan: DockerAuthMongoPlan
    private let style: PolicyStyle
    let users: MongoStore?
    let rules: MongoStore?
    private let watches = Mutex<[Task<Void, Never>]>([])

    /// Makes ready; they need not be there.
    init(
        _ plan: DockerAuthMongoPlan, style: PolicyStyle, now: @escaping @Sendable () -> Date
    ) throws(StoreError) {
        self.plan = plan
        self.style = style
        if var both = plan.users, let rules = plan.rules, both.isSamePlace(as: rules) {
            both.readsRules = true
            both.collections.rules = rules.collections.rules
            both.cacheTime = rules.cacheTime
            let store = try MongoStore(both, style: style, now: now)
            (self.users, self.rules) = (store, store)
            return
        }
        users = try plan.users.map { settings throws(StoreError) in try MongoStore(settings, now: now) }
        rules = try plan.rules.map { settings throws(StoreError) in
            try MongoStore(settings, style: style, now: now)
        }
    }

    deinit { for watch in watches.withLock(\.self) { watch.cancel() } }

    private var all: [MongoStore] {
        guard let users else { return [rules].compactMap(\.self) }
        return [users] + (rules === users ? [] : [rules].compactMap(\.self))
    }

    /// Looks for them once, so that the rules are known before anybody asks, says what is dangerous in them, and goes
    /// on looking.
    func begin(_ hazards: DockerAuthHazards) async {
        guard !all.isEmpty else { return }
        MongoMetrics.begin()
        for store in all {
            if let problem = await store.problem() {
                Logger(label: "homeport.mongodb").error(
                    "MongoDB cannot be asked; whom it knows gets no token until it can",
                    metadata: ["problem": "\(problem)"])
            }
        }
        // What goes wrong has been said.
        if let found = try? await rules?.rules() { say(hazards, of: found) }
        watches.withLock { watches in watches = all.map { store in Task { await store.watch() } } }
    }

    private func say(_ hazards: DockerAuthHazards, of found: [Rule]) {
        guard let policy = try? Policy(rules: found, style: style) else { return }
        let log = Logger(label: "homeport.docker_auth")
        for hazard in policy.hazards {
            guard let rule = found.first(where: { $0.seq == hazard.seq }),
                let words = hazards.words(hazard, of: rule.match)
            else { continue }
            log.warning(
                "a rule in acl_mongo is worth a look",
                metadata: ["seq": "\(hazard.seq)", "field": "\(hazard.field)", "hazard": "\(words)"])
        }
    }

    func end() { watches.withLock { $0.forEach { $0.cancel() } } }

    /// What is to be known of them; nil while all answer.
    var concern: String? {
        all.contains { $0.reach == .away } ? "it is away; whom it knows gets no token" : nil
    }
}

extension MongoSettings {
    /// Whether two differ in nothing but what they read there.
    fileprivate func isSamePlace(as other: MongoSettings) -> Bool {
        var other = other
        (other.collections, other.cacheTime, other.readsRules) = (collections, cacheTime, readsRules)
        return self == other
    }
}
