internal import Accounts
internal import Audit
internal import Edge
internal import FoundationEssentials
internal import Logging
internal import MongoStore
internal import SQLiteStore
internal import ServerKit
internal import ServiceLifecycle

/// Where accounts, rules, tokens and keys are: in the database of the data folder, or in a MongoDB.
struct Directory: Sendable {
    let stores: AccountStores
    /// What is kept of who did what: both, where there are two.
    let trail: any AuditTrail
    /// Nil where everything is in the database of the data folder.
    let mongo: MongoStore?
    private let words: String
    private let database: SQLiteStore

    /// Makes ready; a MongoDB need not be there yet.
    init(
        _ values: Configuration, database: SQLiteStore, now: @escaping @Sendable () -> Date
    ) throws {
        words = values.mongodb.words
        self.database = database
        guard values.mongodb.isNamed else {
            (stores, trail, mongo) = (AccountStores(database), database, nil)
            return
        }
        let mongo = try MongoStore(
            values.mongodb.settings, style: values.mongodb.policyStyle, auditing: Set(values.audit.events),
            sharedGeneration: { database.generation }, onChange: { database.announceAccountChange() },
            now: now)
        self.mongo = mongo
        stores = AccountStores(mongo)
        trail = MergedTrail(own: database, shared: mongo)
    }

    /// Waits until a MongoDB answers, and makes what is missing in it.
    ///
    /// - Parameter limit: how long.
    func prepare(waiting limit: Duration, _ terminal: Terminal) async throws {
        guard let mongo else { return }
        MongoMetrics.begin()
        let patience = MongoPatience(words: words, limit: limit, terminal: terminal)
        do {
            try await patience.until { try await mongo.prepare() }
            try await noteThoseLeft(terminal)
        } catch let error as StoreError {
            throw patience.failure(error)
        }
    }

    /// Says when there are accounts that nobody asks for any more.
    private func noteThoseLeft(_ terminal: Terminal) async throws(StoreError) {
        guard try await !database.accounts(after: nil, limit: 1).isEmpty else { return }
        terminal.note(
            "There are accounts in the data folder, too: they are not asked while `mongodb` is in the configuration."
        )
    }

    /// What keeps the MongoDB from being asked; nil when nothing does, and where there is none.
    func problem() async -> String? {
        guard let mongo else { return nil }
        return mongo.reach == .away ? "MongoDB is away" : await mongo.problem()
    }

    /// What `/readyz` says of it. All servers share it, so that it is away is no reason to send clients to another.
    var checks: [HealthFace.Check] {
        guard mongo != nil else { return [] }
        return [
            HealthFace.Check(name: "mongodb") {
                await problem().map { .noted("\($0); nobody signs in, and tokens that were issued count") }
                    ?? .fine
            }
        ]
    }

    /// What looks whether it is there and what has changed in it.
    var services: [any Service] { mongo.map { [MongoUpkeep(store: $0)] } ?? [] }

    /// Writes down what may wait; when the MongoDB is away, that is lost.
    func close() async {
        do throws(StoreError) {
            try await mongo?.close()
        } catch {
            Logger(label: "homeport.mongodb").warning(
                "when tokens were last used could not be written down", metadata: ["error": "\(error)"])
        }
    }
}

/// How long a MongoDB is waited for that a program cannot do without.
struct MongoPatience: Sendable {
    /// `MongoDB on mongo1:27017`.
    let words: String
    let limit: Duration
    let terminal: Terminal

    private static let pause = Duration.milliseconds(500)

    /// Tries until it does not fail for want of the MongoDB any more, or the time is over.
    func until<Value>(_ attempt: () async throws -> Value) async throws -> Value {
        let clock = ContinuousClock()
        let end = clock.now + limit
        var isTold = false
        while true {
            do {
                let value = try await attempt()
                if isTold { terminal.note("\(words) answers.") }
                return value
            } catch let error as StoreError where error.kind == .unavailable {
                guard clock.now + Self.pause <= end else { throw failure(error) }
                if !isTold { terminal.note("\(words) does not answer (\(error)); waiting for it.") }
                isTold = true
            }
            try await clock.sleep(for: Self.pause)
        }
    }

    /// What is said when it cannot be used.
    func failure(_ error: StoreError) -> CommandFailure {
        .unreachable(
            "\(words) cannot be used: \(error); see that it runs and what `mongodb` says of it in the "
                + "configuration")
    }
}

/// Keeps looking for a MongoDB and for what changes in it.
struct MongoUpkeep: Service {
    let store: MongoStore

    func run() async throws {
        await cancelWhenGracefulShutdown { await store.watch() }
    }
}
