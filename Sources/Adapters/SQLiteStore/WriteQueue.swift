import GRDB
import Glibc
import ServerKit
import Synchronization

/// What a change tells other processes, and the caches of this one.
struct Announcement: OptionSet, Sendable {
    let rawValue: Int

    static let accounts = Announcement(rawValue: 1)
    static let registry = Announcement(rawValue: 2)
    static let bans = Announcement(rawValue: 4)
}

/// Changes wait here for the one writer, which takes all that have gathered into one transaction: under load
/// a sync of the disk serves many of them, and a single one waits for nobody.
///
/// Each change has a savepoint of its own, so one that fails takes nothing with it.
final class WriteQueue: Sendable {
    private struct State {
        var waiting: [any Write] = []
        var isDraining = false
    }

    /// How many changes may wait; one more is refused.
    private static let waitingMax = 10_000
    /// How many changes share a transaction at most.
    private static let batchMax = 128
    /// How long a transaction is begun anew because other servers were faster.
    private static let orderTime = Duration.seconds(30)
    /// After how many times a server takes its turn.
    private static let lossesMax = 4

    private let pool: DatabasePool
    private let counters: ChangeCounters
    /// The log that changes have to stand in before they count; nil where the file is all there is.
    private let replica: Replica?
    private let state = Mutex(State())
    /// Whether transactions wait for the disk; nil when that is not known. Only the writer's thread asks.
    private let waitsForDisk = Mutex<Bool?>(nil)

    init(pool: DatabasePool, counters: ChangeCounters, replica: Replica? = nil) {
        self.pool = pool
        self.counters = counters
        self.replica = replica
    }

    /// Runs `body` inside a transaction and returns what it returned when that is durable.
    ///
    /// - Parameters:
    ///   - isAlone: for a change that does something outside of the database, which a failure of others in its
    ///   transaction must not undo.
    ///   - isLazy: for a change that a power loss may take, though nothing less: it returns without waiting for
    ///   the disk, unless others in its transaction wait for it.
    func run<Value: Sendable>(
        announcing announcement: Announcement, isAlone: Bool, isLazy: Bool,
        _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(
                PendingWrite(
                    announcement, isAlone: isAlone, isLazy: isLazy, body: body, continuation: continuation))
        }
    }

    /// Applies what others have added to the log, between two transactions.
    func catchUp() async throws {
        try await withCheckedThrowingContinuation { continuation in enqueue(CatchUp(continuation)) }
    }

    /// How many changes wait for the next transaction.
    var waitingCount: Int { state.withLock(\.waiting.count) }

    private func enqueue(_ write: any Write) {
        enum Next { case wait, drain, refuse }
        let next: Next = state.withLock { state in
            guard state.waiting.count < Self.waitingMax else { return .refuse }
            state.waiting.append(write)
            defer { state.isDraining = true }
            return state.isDraining ? .wait : .drain
        }
        switch next {
        case .wait: break
        case .drain: pool.asyncWriteWithoutTransaction { self.drain($0) }
        case .refuse: write.finish(failure: StoreError(.unavailable, "too many changes are waiting"))
        }
    }

    private func drain(_ database: Database) {
        while let batch = nextBatch() { perform(batch, database) }
    }

    /// What goes into the next transaction; nil when nothing waits.
    private func nextBatch() -> [any Write]? {
        state.withLock { state in
            guard let first = state.waiting.first else {
                state.isDraining = false
                return nil
            }
            var count = 1
            if !first.isAlone {
                count = state.waiting.prefix(Self.batchMax).firstIndex(where: \.isAlone) ?? Self.batchMax
            }
            let batch = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(batch.count)
            return batch
        }
    }

    private func perform(_ batch: [any Write], _ database: Database) {
        if let catchUp = batch.first as? CatchUp { return catchUp.run(replica, database) }
        let start = ContinuousClock.now
        let failures: [Int: any Error]
        do {
            failures = try inOrder(database) { try transact(batch, database) }
        } catch {
            for write in batch { write.finish(failure: error) }
            return
        }
        DatabaseMetrics.committed(changes: batch.count, duration: ContinuousClock.now - start)
        counters.announce(Self.announcement(of: batch, without: failures))
        for (index, write) in batch.enumerated() { write.finish(failure: failures[index]) }
    }

    /// Runs a transaction, once more after each time that another server was faster.
    private func inOrder<Value>(_ database: Database, _ body: () throws -> Value) throws -> Value {
        guard let replica else { return try body() }
        let end = ContinuousClock.now + Self.orderTime
        var losses = 0
        while true {
            do {
                if losses >= Self.lossesMax { try replica.takeTurn(database) }
                return try body()
            } catch is Replica.LostRace {
                losses += 1
            } catch is Replica.NotOurTurn {
                usleep(UInt32.random(in: 1000...5000))
            }
            guard ContinuousClock.now < end else {
                throw StoreError(.unavailable, "other servers were faster for \(Self.orderTime)")
            }
            // What has taken the place may not be for everybody to see yet.
            if losses > 2 { usleep(UInt32.random(in: 500...5000)) }
            try replica.catchUp(database)
        }
    }

    /// Makes the changes in one transaction; returns which of them failed alone.
    private func transact(_ batch: [any Write], _ database: Database) throws -> [Int: any Error] {
        var failures: [Int: any Error] = [:]
        do {
            // A copy can be made anew, so it need not wait for the disk.
            try wait(forDisk: replica == nil && !batch.allSatisfy(\.isLazy), database)
            try database.run("BEGIN IMMEDIATE")
            let recording = try replica.map { _ in try ChangeRecording(database) }
            for (index, write) in batch.enumerated() {
                do {
                    try perform(write, hasCompany: batch.count > 1, database)
                } catch  where database.isInsideTransaction && batch.count > 1 {
                    failures[index] = error
                }
            }
            var place: CopyPlace?
            if let replica, let changes = try recording?.changes(), !changes.isEmpty {
                let topics = Self.announcement(of: batch, without: failures)
                place = try replica.append(changes, about: topics, in: database)
            }
            try database.run("COMMIT")
            if let place { replica?.committed(place) }
            return failures
        } catch {
            rollBack(database)
            throw error
        }
    }

    private static func announcement(of batch: [any Write], without failures: [Int: any Error])
        -> Announcement
    {
        var announcement: Announcement = []
        for (index, write) in batch.enumerated() where failures[index] == nil {
            announcement.formUnion(write.announcement)
        }
        return announcement
    }

    /// Says whether the next transactions end when the disk has them. Without an error it is so.
    private func wait(forDisk isDurable: Bool, _ database: Database) throws {
        guard waitsForDisk.withLock({ $0 != isDurable }) else { return }
        waitsForDisk.withLock { $0 = nil }
        // Not a cached statement: SQLite does this when it compiles one, not when it runs it.
        try database.execute(sql: "PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL")")
        waitsForDisk.withLock { $0 = isDurable }
    }

    private func perform(_ write: any Write, hasCompany: Bool, _ database: Database) throws {
        guard hasCompany else { return try write.run(database) }
        try database.run("SAVEPOINT change")
        do {
            try write.run(database)
            try database.run("RELEASE change")
        } catch {
            // A full disk ends the whole transaction by itself; then there is nothing to go back to.
            if database.isInsideTransaction {
                try database.run("ROLLBACK TO change")
                try database.run("RELEASE change")
            }
            throw error
        }
    }

    private func rollBack(_ database: Database) {
        guard database.isInsideTransaction else { return }
        // If even this fails, the connection is broken and the next BEGIN says so.
        try? database.rollback()
    }
}

/// A change that waits, whatever it returns.
private protocol Write: AnyObject, Sendable {
    var announcement: Announcement { get }
    var isAlone: Bool { get }
    var isLazy: Bool { get }

    /// Makes the change, inside the transaction.
    func run(_ database: Database) throws

    /// Tells the caller, after the transaction. Without a failure `run` has succeeded.
    func finish(failure: (any Error)?)
}

private final class PendingWrite<Value: Sendable>: Write {
    let announcement: Announcement
    let isAlone: Bool
    let isLazy: Bool
    private let body: @Sendable (Database) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>
    private let result = Mutex<Value?>(nil)

    init(
        _ announcement: Announcement, isAlone: Bool, isLazy: Bool,
        body: @Sendable @escaping (Database) throws -> Value,
        continuation: CheckedContinuation<Value, any Error>
    ) {
        self.announcement = announcement
        self.isAlone = isAlone
        self.isLazy = isLazy
        self.body = body
        self.continuation = continuation
    }

    func run(_ database: Database) throws {
        let value = try body(database)
        result.withLock { $0 = value }
    }

    func finish(failure: (any Error)?) {
        if let failure { return continuation.resume(throwing: failure) }
        guard let value = result.withLock({ $0 }) else {
            return continuation.resume(throwing: StoreError(.failed, "the change was not run"))
        }
        continuation.resume(returning: value)
    }
}

/// What others have added to the log is applied.
private final class CatchUp: Write {
    let announcement: Announcement = []
    let isAlone = true
    let isLazy = true
    private let continuation: CheckedContinuation<Void, any Error>

    init(_ continuation: CheckedContinuation<Void, any Error>) { self.continuation = continuation }

    func run(_ replica: Replica?, _ database: Database) {
        continuation.resume(with: Result { try replica?.catchUp(database) })
    }

    func run(_ database: Database) {}

    func finish(failure: (any Error)?) {
        continuation.resume(throwing: failure ?? StoreError(.failed, "the log was not asked"))
    }
}
