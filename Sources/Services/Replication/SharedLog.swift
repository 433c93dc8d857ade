package import ServerKit

/// The changes of all servers that work on the same facts, in one order. Each server applies them to a copy of its
/// own; a change counts when it stands here.
///
/// Every backend passes `checkSharedLogContract`. All calls block, on threads that may. One that throws
/// `.unavailable` may have done what was asked.
package protocol SharedLog: Sendable {
    /// What the log begins with; nil where there is none yet.
    func origin() throws(StoreError) -> LogOrigin?

    /// Begins the log; false when somebody else has. A snapshot at position 0 must have been published before, unless
    /// it begins with nothing.
    func begin(_ origin: LogOrigin) throws(StoreError) -> Bool

    /// The entries after a position, in their order: each that is there follows on the one before it.
    ///
    /// An entry that was returned, or whose `append` returned true, is never lost or changed.
    func entries(after position: Int64, limit: Int) throws(StoreError) -> [LogEntry]

    /// Adds an entry; false when there is one at its position already, and then nothing was added.
    func append(_ entry: LogEntry) throws(StoreError) -> Bool

    /// The newest snapshot of this log; nil where there is none.
    func newestSnapshot(of log: LogOrigin) throws(StoreError) -> LogSnapshot?

    /// Keeps a part of a snapshot that is not published yet.
    func keep(_ bytes: [UInt8], part: Int, of snapshot: LogSnapshot.ID) throws(StoreError)

    /// Makes a snapshot known whose parts are all kept.
    func publish(_ snapshot: LogSnapshot) throws(StoreError)

    /// A part of a snapshot. Throws `.missing` when it has been removed.
    func part(_ number: Int, of snapshot: LogSnapshot) throws(StoreError) -> [UInt8]

    /// Removes all snapshots of this log but the newest two, and the entries that no copy needs that is as old as the
    /// older of these.
    func trim(_ log: LogOrigin) throws(StoreError)
}

/// What a log begins with.
package struct LogOrigin: Sendable, Hashable {
    /// Tells this log from any other: 32 lowercase hex digits, by chance.
    package let id: String
    /// How far the copy that it begins with has been brought up to date.
    package let schema: Int
    /// Whether it begins with the snapshot at position 0, and not with an empty copy.
    package let hasSnapshot: Bool

    package init(id: String, schema: Int, hasSnapshot: Bool) {
        self.id = id
        self.schema = schema
        self.hasSnapshot = hasSnapshot
    }
}

/// One step of the log.
package struct LogEntry: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Rows that change.
        case change
        /// Every copy is to be brought up to `schema`.
        case schema
        /// Whoever wrote this writes the next entry too: everybody else waits for it a while. So a change that takes
        /// long is not begun anew for ever.
        case turn
    }

    /// 1 for the first; each is one more than the one before it.
    package let position: Int64
    package let kind: Kind
    /// How far the copy has been brought up to date that this was written with.
    package let schema: Int
    /// What it is about, for caches: bits that the store gives a meaning.
    package let topics: Int
    package let bytes: [UInt8]

    package init(position: Int64, kind: Kind, schema: Int, topics: Int = 0, bytes: [UInt8] = []) {
        self.position = position
        self.kind = kind
        self.schema = schema
        self.topics = topics
        self.bytes = bytes
    }
}

/// A whole copy as it was at one position, kept in parts.
package struct LogSnapshot: Sendable, Hashable {
    /// 32 lowercase hex digits, by chance.
    package typealias ID = String

    package let id: ID
    /// The identifier of its log.
    package let log: String
    package let position: Int64
    package let schema: Int
    package let partCount: Int
    /// In bytes.
    package let size: Int64
    /// SHA-256 of the whole, in lowercase hex digits.
    package let checksum: String

    package init(
        id: ID, log: String, position: Int64, schema: Int, partCount: Int, size: Int64, checksum: String
    ) {
        self.id = id
        self.log = log
        self.position = position
        self.schema = schema
        self.partCount = partCount
        self.size = size
        self.checksum = checksum
    }

    /// How many bytes a part has, but for the last.
    package static let partSize = 8 << 20
}

extension LogOrigin {
    /// An identifier that nobody else has.
    package static func newID() -> String {
        (0..<16).map { _ in UInt8.random(in: .min ... .max) }.hex
    }
}
