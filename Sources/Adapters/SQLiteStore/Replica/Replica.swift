import GRDB
import Logging
import OCI
import Replication
import ServerKit
import Synchronization

/// Keeps a database in step with a log that it shares with others.
///
/// A change is made in a transaction, put into the log, and committed when it stands there. Somebody else's entry at
/// its place means that it was made of an old state: it is rolled back, the others' entries are applied, and it
/// is made once more. So all changes of all servers follow on each other, as those of one do.
final class Replica: Sendable {
    /// Somebody else has written the next entry.
    struct LostRace: Error {}

    /// It is somebody else's turn.
    struct NotOurTurn: Error {}

    let log: any SharedLog
    /// Blobs whose bytes this server is removing, or has failed to.
    let leaving = Mutex<Set<Digest>>([])
    private let counters: ChangeCounters
    private let state: Mutex<State>

    private struct State {
        var position: Int64
        /// Until when the log is not asked, having been away just now.
        var awayUntil: ContinuousClock.Instant?
        /// Why this copy cannot go on.
        var trouble: StoreError?
        /// Until when the next entry is somebody else's.
        var othersTurnUntil: ContinuousClock.Instant?

        /// True the first time.
        mutating func goesAway() -> Bool {
            defer { awayUntil = .now + .milliseconds(400) }
            return awayUntil == nil
        }

        mutating func comesBack() -> Bool {
            defer { awayUntil = nil }
            return awayUntil != nil
        }
    }

    init(_ log: any SharedLog, position: Int64, counters: ChangeCounters) {
        self.log = log
        self.counters = counters
        self.state = Mutex(State(position: position))
    }

    /// How far this copy has come.
    var position: Int64 { state.withLock(\.position) }

    /// Why changes cannot be made and new ones not be seen; nil when they can.
    var trouble: StoreError? {
        state.withLock { state in
            state.trouble
                ?? (state.awayUntil == nil ? nil : StoreError(.unavailable, "the shared log is away"))
        }
    }

    /// Whether the log has entries that this copy lacks. Blocks.
    func isBehind() throws -> Bool { try !entries(after: position, limit: 1).isEmpty }

    /// Puts the changes of a transaction into the log, as its last step; where the copy stands when it is committed.
    func append(_ changes: [UInt8], about topics: Announcement, in database: Database) throws -> CopyPlace {
        try put(.change, changes, about: topics, in: database)
    }

    /// Makes the next entry one of this copy's, having lost too often; others wait for it.
    func takeTurn(_ database: Database) throws {
        var place = try CopyPlace.ofCopy(database)
        try database.inTransaction(.immediate) {
            place = try put(.turn, in: database)
            return .commit
        }
        committed(place)
    }

    private func put(
        _ kind: LogEntry.Kind, _ changes: [UInt8] = [], about topics: Announcement = [], in database: Database
    ) throws -> CopyPlace {
        try admit()
        let next = try CopyPlace.ofCopy(database).next
        let entry = LogEntry(
            position: next.position, kind: kind, schema: Migrations.count, topics: topics.rawValue,
            bytes: changes)
        guard try asking({ () throws(StoreError) in try log.append(entry) }) else { throw LostRace() }
        try next.write(database)
        return next
    }

    private func admit() throws {
        let (trouble, isOthersTurn) = state.withLock { state in
            (state.trouble, state.othersTurnUntil.map { ContinuousClock.now < $0 } ?? false)
        }
        if let trouble { throw trouble }
        if isOthersTurn { throw NotOurTurn() }
    }

    /// To be called when what `append` was called for has been committed.
    func committed(_ place: CopyPlace) {
        state.withLock { $0.position = max($0.position, place.position) }
    }

    /// Applies what others have added, outside of every transaction.
    func catchUp(_ database: Database) throws {
        while true {
            let found = try entries(after: position, limit: Self.entriesAtOnce)
            guard let last = found.last else { return }
            let place: CopyPlace
            do {
                place = try CopyPlace.advance(database, by: found)
            } catch let error as StoreError where error.kind == .damaged || error.kind == .failed {
                stop(error, database)
                throw error
            }
            state.withLock { state in
                state.position = place.position
                state.othersTurnUntil = last.kind == .turn ? .now + Self.turnTime : nil
            }
            counters.announceForeign(
                found.reduce(into: []) { $0.formUnion(Announcement(rawValue: $1.topics)) })
        }
    }

    /// Nothing more can be done with this copy.
    private func stop(_ error: StoreError, _ database: Database) {
        state.withLock { $0.trouble = error }
        Logger(label: "homeport.facts").critical(
            "this copy of the facts cannot go on: start the server anew",
            metadata: ["position": "\(position)", "error": "\(error)"])
        guard error.kind == .damaged else { return }
        // Where even this cannot be written, the next start meets the same entry, and says so.
        try? database.run("UPDATE log_place SET is_broken = 1")
    }

    private func entries(after position: Int64, limit: Int) throws -> [LogEntry] {
        if let trouble = state.withLock(\.trouble) { throw trouble }
        return try asking { () throws(StoreError) in try log.entries(after: position, limit: limit) }
    }

    /// Asks the log. After it was away it is left alone for a moment, so that not everybody waits for it.
    private func asking<Value>(_ body: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        let isLeftAlone = state.withLock { $0.awayUntil.map { ContinuousClock.now < $0 } ?? false }
        guard !isLeftAlone else { throw StoreError(.unavailable, "the shared log is away") }
        do throws(StoreError) {
            let value = try body()
            if state.withLock({ $0.comesBack() }) {
                Logger(label: "homeport.facts").notice("the shared log answers again")
            }
            return value
        } catch {
            if error.kind == .unavailable, state.withLock({ $0.goesAway() }) {
                Logger(label: "homeport.facts").error(
                    "the shared log is away: what is known is served, and nothing can be changed",
                    metadata: ["error": "\(error)"])
            }
            throw error
        }
    }

    private static let entriesAtOnce = 64
    /// How long a turn lasts. Who takes longer has to begin anew, as before.
    private static let turnTime = Duration.seconds(5)
}
