package import Replication
import ServerKit
import Testing

/// What every `SharedLog` promises.
///
/// A backend's tests call this once, with an empty log.
///
/// - Parameter other: the same log, as another server sees it.
package func checkSharedLogContract(_ log: any SharedLog, _ other: any SharedLog) async throws {
    try checkBeginning(log, other)
    try checkEntries(log, other)
    try await checkRaces(log, other)
    try checkSnapshots(log, other)
    try checkTrimming(log, other)
}

private let origin = LogOrigin(id: LogOrigin.newID(), schema: 3, hasSnapshot: false)

private func checkBeginning(_ log: any SharedLog, _ other: any SharedLog) throws {
    #expect(try log.origin() == nil, "a new log has no beginning")
    #expect(try log.entries(after: 0, limit: 9) == [], "and no entries")
    #expect(try log.newestSnapshot(of: origin) == nil, "and no snapshot")
    #expect(try log.begin(origin), "it is begun once")
    #expect(try !other.begin(LogOrigin(id: LogOrigin.newID(), schema: 4, hasSnapshot: true)), "and not twice")
    #expect(try other.origin() == origin, "what was begun first stays, for everybody")
    #expect(try other.entries(after: 0, limit: 9) == [], "the beginning is no entry")
}

private func entry(_ position: Int64, _ byte: UInt8, count: Int = 3) -> LogEntry {
    LogEntry(
        position: position, kind: .change, schema: 3, topics: 5, bytes: [UInt8](repeating: byte, count: count)
    )
}

private func checkEntries(_ log: any SharedLog, _ other: any SharedLog) throws {
    let entries = [
        entry(1, 1), LogEntry(position: 2, kind: .schema, schema: 4), entry(3, 255, count: 0),
    ]
    for entry in entries { #expect(try log.append(entry)) }
    #expect(try other.entries(after: 0, limit: 9) == entries, "what was added is read as it was")
    #expect(try other.entries(after: 1, limit: 1) == [entries[1]], "from any position, so many at most")
    #expect(try other.entries(after: 3, limit: 9) == [], "the end is the end")
    #expect(try !other.append(entry(3, 7)), "a position is taken once")
    #expect(try !other.append(entry(1, 7)))
    #expect(try log.entries(after: 0, limit: 9) == entries, "and what is there stays")
    let large = entry(4, 9, count: LogSnapshot.partSize * 2 + 17)
    #expect(try log.append(large))
    #expect(try other.entries(after: 3, limit: 9) == [large], "an entry may be large")
}

/// Two servers add the same positions at the same time: each goes to one of them.
private func checkRaces(_ log: any SharedLog, _ other: any SharedLog) async throws {
    let won = try await withThrowingTaskGroup(of: [Int64].self) { tasks in
        for (byte, log) in [log, other].enumerated() {
            tasks.addTask {
                try (5...44).filter { position in try log.append(entry(position, UInt8(byte))) }.map { $0 }
            }
        }
        return try await tasks.reduce(into: []) { $0 += $1 }
    }
    #expect(won.sorted() == Array(5...44), "each position was won, and by one alone")
    #expect(try log.entries(after: 4, limit: 99).map(\.position) == Array(5...44))
    #expect(try log.entries(after: 4, limit: 99) == other.entries(after: 4, limit: 99))
}

private func snapshot(_ position: Int64, of log: LogOrigin, _ parts: [[UInt8]]) -> LogSnapshot {
    LogSnapshot(
        id: LogOrigin.newID(), log: log.id, position: position, schema: 4, partCount: parts.count,
        size: Int64(parts.joined().count), checksum: "abc")
}

private func publish(_ log: any SharedLog, _ snapshot: LogSnapshot, _ parts: [[UInt8]]) throws {
    for (number, part) in parts.enumerated() { try log.keep(part, part: number, of: snapshot.id) }
    try log.publish(snapshot)
}

private func checkSnapshots(_ log: any SharedLog, _ other: any SharedLog) throws {
    let parts: [[UInt8]] = [Array(repeating: 1, count: LogSnapshot.partSize), [2, 3]]
    let one = snapshot(10, of: origin, parts)
    for (number, part) in parts.enumerated() { try log.keep(part, part: number, of: one.id) }
    #expect(try other.newestSnapshot(of: origin) == nil, "one that is not published is not there")
    try log.publish(one)
    #expect(try other.newestSnapshot(of: origin) == one)
    #expect(try other.part(0, of: one) == parts[0])
    #expect(try other.part(1, of: one) == parts[1])
    #expect(throws: StoreError.self) { try other.part(2, of: one) }
    try publish(log, snapshot(99, of: LogOrigin(id: LogOrigin.newID(), schema: 4, hasSnapshot: true), []), [])
    #expect(try other.newestSnapshot(of: origin) == one, "one of another log is none of this one's")
}

private func checkTrimming(_ log: any SharedLog, _ other: any SharedLog) throws {
    try log.trim(origin)
    #expect(try log.entries(after: 0, limit: 1).first?.position == 1, "with one snapshot all entries stay")
    let first = try #require(try log.newestSnapshot(of: origin))
    let (two, three) = (snapshot(20, of: origin, [[4]]), snapshot(30, of: origin, [[5]]))
    try publish(log, two, [[4]])
    try publish(other, three, [[5]])
    try log.trim(origin)
    #expect(try other.newestSnapshot(of: origin) == three)
    #expect(try other.part(0, of: two) == [4], "the last but one stays for who is just reading it")
    #expect(throws: StoreError.self) { try other.part(0, of: first) }
    #expect(
        try other.entries(after: 0, limit: 99).map(\.position) == Array(21...44),
        "entries stay that somebody needs who has the older one")
    #expect(try other.origin() == origin, "and the beginning")
    #expect(try other.append(entry(45, 3)), "it goes on after the last")
}
