internal import CoreMetrics
internal import Edge
internal import FoundationEssentials
internal import HTTPKit
internal import MongoStore
internal import SQLiteStore
internal import ServerKit
internal import ServiceLifecycle

/// What servers share that work on the same facts: this one's copy is kept in step with the others'.
struct SharedFacts: Sendable {
    let database: SQLiteStore
    /// Tells this server from the others, for as long as it runs.
    private let server = UUID().uuidString

    /// Nil where the facts are in the data folder alone.
    init?(_ database: SQLiteStore) {
        guard database.sharedPosition != nil else { return nil }
        self.database = database
    }

    /// The database of a data folder: a copy where the configuration says that facts are shared.
    static func open(
        _ values: Configuration, _ folder: DataFolder, isServer: Bool, now: @escaping @Sendable () -> Date
    ) throws -> SQLiteStore {
        let kinds = Set(values.audit.events)
        guard values.mongodb.sharesFacts else {
            return try SQLiteStore(path: folder.database, auditing: kinds, now: now)
        }
        return try SQLiteStore(
            path: folder.database, auditing: kinds, sharing: MongoLog(values.mongodb.settings),
            mayReplace: isServer || !folder.isServed, now: now)
    }

    /// What has this copy follow the others', also while nobody asks for anything.
    var services: [any Service] {
        [
            Maintenance(name: "seeing what other servers changed", first: .zero, every: .seconds(1)) {
                await database.catchUp()
                SharedFactsMetrics.show(database)
            },
            Maintenance(name: "shortening the shared log", every: .seconds(60)) {
                _ = try await database.shortenLog(entriesMax: Self.entriesMax)
            },
        ]
    }

    /// Has the copy caught up before any other face answers: what one server has acknowledged, the next one knows.
    var face: any Face { PreparingFace { [database] in await database.catchUp() } }

    var check: HealthFace.Check {
        HealthFace.Check(name: "shared facts") { [database] in
            guard let problem = database.sharingProblem else { return .fine }
            guard problem.kind == .unavailable else {
                return .failing("this server cannot go on: \(problem); start it anew")
            }
            return .noted("\(problem); what is known is served, and nothing can be changed")
        }
    }

    /// Whether a piece of work that one server does for all is this one's now, for so long from now on.
    func isOnDuty(_ duty: String, for time: Duration) async throws -> Bool {
        try await database.takeDuty(
            duty, as: server, for: TimeInterval(milliseconds: time) + Self.dutySlack)
    }

    /// After how many entries a snapshot is made. A server that starts anew reads so many at most, twice over.
    private static let entriesMax: Int64 = 2000
    /// How much later, in seconds, than its next turn another server takes a duty over.
    private static let dutySlack: TimeInterval = 600
}

/// Every number about sharing, in one place.
enum SharedFactsMetrics {
    private static let position = Meter(label: "homeport_shared_facts_position")
    private static let reachable = Meter(label: "homeport_shared_facts_reachable")

    static func show(_ database: SQLiteStore) {
        position.set(database.sharedPosition ?? 0)
        reachable.set(database.sharingProblem == nil ? 1 : 0)
    }
}
