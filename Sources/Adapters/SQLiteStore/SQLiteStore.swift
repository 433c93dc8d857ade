package import Audit
package import FoundationEssentials
import GRDB
package import Replication
package import ServerKit
import Synchronization

/// Everything that is a fact, in one SQLite file: repositories, manifests, tags, links, uploads, accounts,
/// rules, tokens and keys.
///
/// A call that changes something returns when the change survives a power loss. Calls that come at the same
/// time share one transaction and its sync. Several processes may have the file open; see `ChangeCounters`.
package final class SQLiteStore: Sendable {
    let pool: DatabasePool
    let writes: WriteQueue
    let counters: ChangeCounters
    /// What keeps the file in step with other servers; nil where it is all there is.
    let follower: Follower?
    /// Tells these facts from those of any other installation: 32 lowercase hex digits, the same for all servers that
    /// share them.
    package let installation: String
    let now: @Sendable () -> Date
    /// What changes write into the trail.
    let auditedKinds: Set<AuditKind>
    /// When tokens were last used, as far as it is not in the file yet.
    let tokenUses = Mutex(TokenUses())

    /// Opens the file at `path`, making it (for its owner only) or bringing it up to date where needed. Its
    /// folder must be there. Blocks, so it is called while a program starts.
    ///
    /// Throws `.damaged` for a file that is no database of this program, and `.failed` with a sentence for
    /// one that a newer version has written.
    ///
    /// - Parameters:
    ///   - kinds: what changes write into the trail.
    ///   - log: the changes of all servers, where the file is a copy of what they share. Then opening may have to
    ///   read all of it, and a change returns when it stands in the log.
    ///   - mayReplace: whether nobody else has the file open, so that a copy that cannot go on may be made anew.
    ///   - now: tells when rows come into being and since when a blob is held by nobody.
    package convenience init(
        path: String, auditing kinds: Set<AuditKind> = Set(AuditKind.allCases),
        sharing log: (any SharedLog)? = nil, mayReplace: Bool = false,
        now: @Sendable @escaping () -> Date = { Date() }
    ) throws(StoreError) {
        try self.init(path: path, auditing: kinds, sharing: log, mayReplace: mayReplace, now: now, trace: nil)
    }

    /// - Parameter trace: called with the text of every statement that is run.
    init(
        path: String, auditing kinds: Set<AuditKind> = Set(AuditKind.allCases),
        sharing log: (any SharedLog)? = nil, mayReplace: Bool = false,
        now: @Sendable @escaping () -> Date, trace: (@Sendable (String) -> Void)?
    ) throws(StoreError) {
        self.auditedKinds = kinds
        self.now = now
        do {
            if log == nil { try OwnFile.create(path) }
            let counters = try ChangeCounters(path: path + "-changes")
            self.counters = counters
            let (pool, replica) = try counters.whileOpening {
                let copy = log.map { CopyOpening(path: path, log: $0, mayReplace: mayReplace) }
                let place = try copy?.prepare()
                let pool = try DatabasePool(path: path, configuration: Self.configuration(trace))
                let replica = try Self.replica(pool, copy, place, counters)
                if replica == nil { try Self.bringUpToDate(pool, path) }
                // GRDB sets NORMAL, under which a power loss could take the last commits.
                try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
                return (pool, replica)
            }
            self.pool = pool
            self.installation = try pool.read(CopyOpening.installation)
            OwnFile.takeRoom(path + "-wal", Self.journalRoom)
            try OwnFile.syncFolder(of: path)
            let writes = WriteQueue(pool: pool, counters: counters, replica: replica)
            self.writes = writes
            self.follower = replica.map { Follower($0, writes) }
        } catch {
            throw StoreError(from: error, "opening \(path)")
        }
    }

    private static func bringUpToDate(_ pool: DatabasePool, _ path: String) throws {
        try Migrations.bringUpToDate(pool, path: path)
        guard let place = try pool.read(CopyPlace.read) else { return }
        throw StoreError(
            .failed,
            "it is a copy of facts that servers share through a MongoDB (\(place.log)): name that in `mongodb`, with "
                + "`keeps: everything`, or restore a backup of it, which stands on its own")
    }

    private static func replica(
        _ pool: DatabasePool, _ copy: CopyOpening?, _ place: CopyPlace?, _ counters: ChangeCounters
    ) throws -> Replica? {
        guard let copy, let place else { return nil }
        let newest = try copy.advance(pool, from: place)
        return Replica(copy.log, position: newest.position, counters: counters)
    }

    /// Writes down what may wait and closes the file. Later calls throw.
    package func close() async throws(StoreError) {
        try await writeTokenUses()
        do { try pool.close() } catch { throw StoreError(from: error, "closing the database") }
    }

    private static func configuration(_ trace: (@Sendable (String) -> Void)?) -> Configuration {
        var configuration = Configuration()
        configuration.label = "homeport.store"
        configuration.busyMode = .timeout(busySeconds)
        configuration.maximumReaderCount = readerCount
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA trusted_schema = OFF")
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            if !database.configuration.readonly {
                try database.execute(sql: "PRAGMA journal_size_limit = \(journalSizeMax)")
            }
            if let trace { database.trace { trace(Self.text(of: $0)) } }
        }
        return configuration
    }

    private static func text(of event: Database.TraceEvent) -> String {
        if case .statement(let statement) = event { statement.sql } else { "" }
    }

    /// How long a call waits for another process that writes.
    private static let busySeconds = 5.0
    private static let readerCount = 4
    /// To how many bytes the write-ahead log is cut after a checkpoint.
    private static let journalSizeMax = 64 << 20
    /// What the write-ahead log has of the disk from the beginning, so that things can be deleted when it is
    /// full: twice as much as is written before a checkpoint.
    private static let journalRoom = 8 << 20
}

extension SQLiteStore {
    /// Reads with one statement: consistent without a transaction around it.
    func read<Value: Sendable>(
        _ doing: @autoclosure () -> String, _ body: @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await pool.unsafeRead(body) } catch { throw StoreError(from: error, doing()) }
    }

    /// Reads with several statements that see the same state.
    func readTogether<Value: Sendable>(
        _ doing: @autoclosure () -> String, _ body: @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await pool.read(body) } catch { throw StoreError(from: error, doing()) }
    }

    /// Changes something, durably unless it `isLazy`. See `WriteQueue`.
    func write<Value: Sendable>(
        _ doing: @autoclosure () -> String, announcing announcement: Announcement = [], isAlone: Bool = false,
        isLazy: Bool = false, _ body: @Sendable @escaping (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await writes.run(announcing: announcement, isAlone: isAlone, isLazy: isLazy, body)
        } catch {
            throw StoreError(from: error, doing())
        }
    }
}
