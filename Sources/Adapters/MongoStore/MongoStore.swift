package import Access
package import Accounts
package import Audit
package import FoundationEssentials
package import Logging
package import ServerKit
import Synchronization

/// Accounts, rules, tokens, signing keys and the trail in a MongoDB, users and rules in the documents that
/// docker_auth reads.
///
/// Changes made here, or by another process through the same `onChange`, count on the next request. What
/// another program writes into a collection is seen after `cacheTime` at the latest, as long as `watch` runs.
package final class MongoStore: Sendable {
    struct State {
        var generation: UInt64 = 0
        /// The number in the database that every change made by this program moves.
        var changes: Int64?
        var isWatched = false
        var isAway = false
        var rules: KeptRules?
        /// The signing keys as they were last read.
        var keys: [StoredKey]?
        var shelf = RuleShelf()
        /// Collections whose indexes are known to be there.
        var indexed: Set<String> = []
        /// When tokens were last used, as far as it is not in the database yet.
        var tokenUses: [TokenID: Date] = [:]
        /// The first of these uses.
        var usesSince: Date?
    }

    /// Rules as they were read, and when that was.
    struct KeptRules {
        let generation: UInt64
        let rules: [Rule]
    }

    let driver: MongoDriver
    let settings: MongoSettings
    let style: PolicyStyle
    let auditedKinds: Set<AuditKind>
    let now: @Sendable () -> Date
    let state = Mutex(State())
    let log: Logger
    private let sharedGeneration: @Sendable () -> UInt64
    private let onChange: @Sendable () -> Void

    var names: MongoSettings.Collections { settings.collections }

    /// Makes ready; nothing is asked yet, and the servers need not be there.
    ///
    /// - Parameters:
    ///   - style: how patterns of rules are read, to say which rules cannot be.
    ///   - kinds: what changes write into the trail.
    ///   - sharedGeneration: a number that moves whenever another process of this machine has changed something.
    ///   - onChange: called after each change, to move that number.
    package init(
        _ settings: MongoSettings, style: PolicyStyle = .homeport,
        auditing kinds: Set<AuditKind> = Set(AuditKind.allCases),
        sharedGeneration: @escaping @Sendable () -> UInt64 = { 0 },
        onChange: @escaping @Sendable () -> Void = {},
        logger: Logger = Logger(label: "homeport.mongodb"), now: @escaping @Sendable () -> Date
    ) throws(StoreError) {
        self.driver = try MongoDriver(settings)
        self.settings = settings
        self.style = style
        self.auditedKinds = kinds
        self.sharedGeneration = sharedGeneration
        self.onChange = onChange
        self.log = logger
        self.now = now
    }

    /// Asks the database whether it answers, and makes the indexes that are missing.
    package func prepare() async throws(StoreError) {
        try await look()
        for collection in [names.users, names.rules, names.tokens, names.keys, names.audit] {
            try await makeIndexes(of: collection)
        }
    }

    /// What keeps the database from being asked, in words for an operator; nil when nothing does.
    package func problem() async -> String? {
        do throws(StoreError) {
            try await look()
            return nil
        } catch {
            return error.description
        }
    }

    /// Writes down what may wait.
    package func close() async throws(StoreError) { try await writeTokenUses() }

    /// Reads. While the database is known to be away this fails at once, and not after a time.
    func read<Value: Sendable>(
        _ doing: String, _ body: @escaping @Sendable (MongoClient) throws -> Value
    ) async throws(StoreError) -> Value {
        guard state.withLock({ !($0.isWatched && $0.isAway) }) else {
            MongoMetrics.count(.unavailable)
            throw StoreError(.unavailable, "\(doing): MongoDB is away")
        }
        do throws(StoreError) {
            let value = try await driver.call(doing, body)
            MongoMetrics.count(nil)
            return value
        } catch {
            MongoMetrics.count(error.kind)
            throw error
        }
    }

    /// Changes something and tells the trail, which is asked afterwards what to write of it.
    func change<Value: Sendable>(
        _ doing: String, in collection: String,
        trail entry: @escaping @Sendable (Value) -> AuditEvent? = { _ in nil },
        _ body: @escaping @Sendable (MongoClient) throws -> Value
    ) async throws(StoreError) -> Value {
        try await makeIndexes(of: collection)
        let (names, kinds) = (names, auditedKinds)
        do throws(StoreError) {
            let (value, count) = try await read(doing) { client in
                let value = try body(client)
                let count = try client.count(names.counters, Self.changesName, adding: 1)
                if let event = entry(value), kinds.contains(event.action.kind) {
                    do {
                        try Self.record([event], client, names)
                    } catch {
                        throw StoreError(.unavailable, "it is done, but the trail was not told", cause: error)
                    }
                }
                return (value, count)
            }
            announce(count)
            return value
        } catch {
            // What was broken off may have been done.
            if error.kind != .conflict, error.kind != .missing { announce(nil) }
            throw error
        }
    }

    /// Has everybody forget what they remember.
    private func announce(_ count: Int64?) {
        state.withLock { state in
            state.generation &+= 1
            // Unless others have changed something meanwhile, which is still to be noticed.
            if let count, state.changes.map({ $0 + 1 == count }) ?? true { state.changes = count }
        }
        onChange()
    }

    /// Makes the indexes of a collection, once.
    ///
    /// What cannot be made for what lies in the collection is told and left: the documents are of use without.
    private func makeIndexes(of collection: String) async throws(StoreError) {
        guard state.withLock({ !$0.indexed.contains(collection) }),
            let indexes = Self.indexes(names)[collection]
        else { return }
        do throws(StoreError) {
            try await read("making the indexes of \(collection)") { client in
                for index in indexes { try client.createIndexes(collection, [index]) }
            }
        } catch {
            guard error.kind != .unavailable else { throw error }
            log.warning(
                "an index could not be made",
                metadata: ["collection": "\(collection)", "error": "\(error)"])
        }
        state.withLock { _ = $0.indexed.insert(collection) }
    }

    private static func indexes(_ names: MongoSettings.Collections) -> [String: [MongoIndex]] {
        [
            names.users: [MongoIndex(fields: ["username"], isUnique: true)],
            names.rules: [MongoIndex(fields: ["seq"], isUnique: true)],
            names.tokens: [
                MongoIndex(fields: ["place"], isUnique: true), MongoIndex(fields: ["account"]),
                MongoIndex(fields: ["expires"]),
            ],
            names.keys: [MongoIndex(fields: ["seq"], isUnique: true)],
            names.audit: [
                MongoIndex(fields: ["at"]), MongoIndex(fields: ["account", "at"]),
                MongoIndex(fields: ["subject", "at"]),
            ],
        ]
    }

    static let changesName = "changes"
    static let auditName = "audit"
}

extension MongoStore: ChangeSignal {
    package var generation: UInt64 { state.withLock(\.generation) &+ sharedGeneration() }

    /// Known while `watch` runs.
    package var reach: StoreReach { state.withLock { $0.isWatched && $0.isAway } ? .away : .there }
}
