import FoundationEssentials
import OCI
package import Registry
import ServerKit
import Testing

/// What every `UploadLedger` promises.
///
/// A backend's tests call this once, with an empty ledger.
package func checkUploadLedgerContract(_ ledger: any UploadLedger) async throws {
    func record(_ number: UInt64, movedAfter seconds: Double) throws -> UploadRecord {
        UploadRecord(
            id: Samples.uploadID(number), repository: try Samples.repository("team/app"),
            account: number == 1 ? "" : "alice", algorithm: number == 2 ? .sha512 : .sha256,
            startedAt: Samples.date, movedAt: Samples.date.addingTimeInterval(seconds))
    }
    let first = try record(1, movedAfter: 10)
    var second = try record(2, movedAfter: 5)
    #expect(try await ledger.upload(first.id) == nil, "an empty ledger knows no upload")
    try await ledger.begin(first)
    try await ledger.begin(second)
    #expect(try await ledger.upload(first.id) == first, "what was noted is read back")
    #expect(try await ledger.upload(second.id) == second)
    await expect(.conflict, "an upload begins once") { try await ledger.begin(first) }

    let late = Samples.date.addingTimeInterval(10)
    #expect(try await ledger.idle(since: Samples.date, limit: 9) == [], "both have moved since")
    #expect(
        try await ledger.idle(since: late, limit: 9) == [second, first], "the longest at rest comes first")
    #expect(try await ledger.idle(since: late, limit: 1) == [second], "up to the limit")

    second.movedAt = Samples.date.addingTimeInterval(20)
    try await ledger.touch(second.id, at: second.movedAt)
    try await ledger.touch(Samples.uploadID(3), at: late)
    #expect(try await ledger.upload(second.id) == second, "an upload that moves is at rest no more")
    #expect(try await ledger.idle(since: late, limit: 9) == [first])

    let early = late.addingTimeInterval(-1)
    #expect(try await !ledger.end(first.id, ifIdleSince: early), "one that has moved since does not end")
    #expect(try await ledger.upload(first.id) != nil)
    #expect(try await ledger.end(first.id, ifIdleSince: late), "one that has not does")
    #expect(try await !ledger.end(first.id, ifIdleSince: late), "but once")
    try await ledger.end(first.id)
    try await ledger.end(first.id)
    #expect(try await ledger.upload(first.id) == nil, "what has ended is forgotten")
    try await ledger.end(second.id)
    #expect(try await ledger.idle(since: .distantFuture, limit: 9) == [])
}
