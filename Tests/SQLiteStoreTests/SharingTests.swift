import Access
import Contracts
import Foundation
import GRDB
import OCI
import Registry
import Replication
import ServerKit
import Testing

@testable import SQLiteStore

/// Servers that share a log.
@Suite(.timeLimit(.minutes(5))) struct SharingTests {
    private let app: RepositoryName

    init() throws { app = try Samples.repository("team/app") }

    private func link(_ number: Int, to store: SQLiteStore) async throws {
        try await store.link(Samples.digest(number), size: 10, in: app, under: .none) { true }
    }

    @Test func whatOneAcknowledgesTheNextOneKnows() async throws {
        let shared = try SharedDatabase()
        let other = try shared.server("other")
        try await link(1, to: shared.first)
        #expect(try await other.blob(Samples.digest(1), in: app) == nil, "nobody has looked")
        let before = other.foreignRegistryGeneration
        await other.catchUp()
        #expect(try await other.size(of: Samples.digest(1), in: app) == 10)
        #expect(other.foreignRegistryGeneration != before, "what is remembered is forgotten")
        try await link(2, to: other)
        await shared.first.catchUp()
        #expect(try await shared.first.size(of: Samples.digest(2), in: app) == 10)
        try await shared.expectAlike([shared.first, other])
    }

    /// Without looking first: a change that was made of an old state is made anew of the new one.
    @Test func changesOfOldStatesAreMadeAnew() async throws {
        let shared = try SharedDatabase()
        let other = try shared.server("other")
        let quota = Quota(repositories: try Glob("team/*"), limit: 15)
        let conditions = RepositoryConditions(quotas: [quota])
        try await shared.first.link(Samples.digest(1), size: 10, in: app, under: conditions) { true }
        let refusal = await #expect(throws: StoreError.self) {
            try await other.link(Samples.digest(2), size: 10, in: app, under: conditions) { true }
        }
        #expect(refusal?.kind == .refused, "the quota counts what the other server took")
        try await shared.expectAlike([shared.first, other])
    }

    @Test func manyChangesAtOnceAreAllMade() async throws {
        let shared = try SharedDatabase()
        let stores = [shared.first, try shared.server("second"), try shared.server("third")]
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<300 {
                tasks.addTask { try await link(number, to: stores[number % 3]) }
            }
            try await tasks.waitForAll()
        }
        for store in stores {
            await store.catchUp()
            #expect(try await store.missing((0..<300).map { Samples.digest($0) }, in: app) == [])
        }
        try await shared.expectAlike(stores + [shared.server("newcomer")])
    }

    /// A change that takes long gets its turn, however busy others are.
    @Test func whoIsSlowIsNotPassedOverForEver() async throws {
        let log = InMemoryLog()
        let shared = try SharedDatabase(log)
        log.passOver(times: 100)
        try await link(1, to: shared.first)
        #expect(log.entries.map(\.kind) == [.change, .change, .change, .change, .turn, .change])
        log.passOver(times: 0)
        try await shared.expectAlike([shared.first, shared.server("other")])
    }

    @Test func othersWaitForWhoseTurnItIs() async throws {
        let log = InMemoryLog()
        let shared = try SharedDatabase(log)
        try await link(1, to: shared.first)
        #expect(try log.append(LogEntry(position: 2, kind: .turn, schema: Migrations.count)))
        await shared.first.catchUp()
        let (start, clock) = (ContinuousClock.now, ContinuousClock())
        async let waiting: Void = link(2, to: shared.first)
        try await clock.sleep(for: .milliseconds(300))
        #expect(log.entries.count == 2, "it is not ours")
        #expect(try log.append(LogEntry(position: 3, kind: .change, schema: Migrations.count)))
        try await waiting
        #expect(clock.now - start < .seconds(4), "and is over with the next entry")
        #expect(try log.append(LogEntry(position: 5, kind: .turn, schema: Migrations.count)))
        try await link(3, to: shared.first)
        #expect(log.entries.count == 6, "or when nothing comes for a while")
        #expect(clock.now - start > .seconds(4))
    }

    @Test func whoComesLateHasEverything() async throws {
        let shared = try SharedDatabase()
        for number in 0..<40 { try await link(number, to: shared.first) }
        try await shared.expectAlike([shared.first, shared.server("by entries")])
        #expect(try await shared.first.shortenLog(entriesMax: 10))
        #expect(try await !shared.first.shortenLog(entriesMax: 10), "not twice of the same")
        for number in 40..<60 { try await link(number, to: shared.first) }
        #expect(try await shared.first.shortenLog(entriesMax: 10))
        let log = try #require(shared.log as? InMemoryLog)
        #expect(log.entries.first?.position == 41, "what no copy needs any more is gone")
        try await link(60, to: shared.first)
        try await shared.expectAlike([shared.first, shared.server("by a snapshot")])
    }

    @Test func aFileOnItsOwnBeginsTheLog() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/homeport.db"
        let alone = try SQLiteStore(path: path, now: { Samples.date })
        for number in 0..<5 { try await link(number, to: alone) }
        let id = Samples.uploadID(7)
        try await alone.begin(
            UploadRecord(
                id: id, repository: app, account: "", algorithm: .sha256, startedAt: Samples.date,
                movedAt: Samples.date))
        try await alone.close()
        let shared = try SharedDatabase(InMemoryLog(), first: path)
        #expect(try await shared.first.size(of: Samples.digest(3), in: app) == 10, "nothing is lost")
        #expect(try await shared.first.upload(id) != nil, "and uploads go on")
        try await link(9, to: shared.first)
        try await shared.expectAlike([shared.first, shared.server("other")])
    }

    /// A command opens the file again and again while the server, which has it open, applies what others change.
    @Test func whoOpensTheFileTooIsInNobodysWay() async throws {
        let shared = try SharedDatabase()
        let other = try shared.server("other")
        let work = Task {
            for number in 0..<150 {
                try await link(number, to: shared.first)
                await other.catchUp()
            }
        }
        for _ in 0..<15 { try await shared.server("other", mayReplace: false).close() }
        try await work.value
        #expect(other.sharingProblem == nil)
        try await shared.expectAlike([shared.first, other])
    }

    @Test func otherFactsAreRefused() async throws {
        let shared = try SharedDatabase()
        let alone = try SQLiteStore(path: shared.path("alone"), now: { Samples.date })
        try await alone.close()
        expectRefusal("facts of its own") { try shared.server("alone") }
        let other = try SharedDatabase()
        try await other.first.close()
        expectRefusal("copy of another shared log") {
            try SQLiteStore(path: other.path("first"), sharing: shared.log, mayReplace: true)
        }
        expectRefusal("the MongoDB holds none") {
            try SQLiteStore(path: other.path("first"), sharing: InMemoryLog(), mayReplace: true)
        }
        expectRefusal("keeps: everything") { try SQLiteStore(path: other.path("first")) }
    }

    private func expectRefusal(_ words: String, _ open: () throws -> SQLiteStore) {
        let error = #expect(throws: StoreError.self) { try open() }
        #expect(error?.kind == .failed)
        #expect("\(error.map { "\($0)" } ?? "")".contains(words))
    }

    @Test func aCopyThatIsTooOldIsMadeAnew() async throws {
        let shared = try SharedDatabase()
        try await shared.server("late").close()
        for round in 0..<2 {
            for number in 0..<20 { try await link(round * 20 + number, to: shared.first) }
            #expect(try await shared.first.shortenLog(entriesMax: 5))
        }
        let error = #expect(throws: StoreError.self) { try shared.server("late", mayReplace: false) }
        #expect(error?.kind == .failed, "not under a running server")
        try await shared.expectAlike([shared.first, shared.server("late")])
    }

    @Test func aCopyThatKnowsMoreThanTheLogIsRefused() async throws {
        let shared = try SharedDatabase()
        let log = try #require(shared.log as? InMemoryLog)
        let other = try shared.server("other")
        for number in 0..<9 { try await link(number, to: shared.first) }
        await other.catchUp()
        try await other.close()
        log.forget(after: 5)
        expectRefusal("put back to an older state") { try shared.server("other") }
    }

    /// An answer that is lost: nobody is told that it was done, and it was.
    @Test func anEntryWhoseAnswerIsLostIsFoundAgain() async throws {
        let shared = try SharedDatabase()
        let log = try #require(shared.log as? InMemoryLog)
        log.failAfterAppending(with: StoreError(.unavailable, "the line is cut"))
        let error = await #expect(throws: StoreError.self) { try await link(1, to: shared.first) }
        #expect(error?.kind == .unavailable)
        #expect(try await shared.first.blob(Samples.digest(1), in: app) == nil)
        try await ContinuousClock().sleep(for: .milliseconds(500))
        try await link(2, to: shared.first)
        #expect(try await shared.first.missing([Samples.digest(1), Samples.digest(2)], in: app) == [])
        try await shared.expectAlike([shared.first, shared.server("other")])
    }

    @Test func whatIsKnownIsServedWhileTheLogIsAway() async throws {
        let shared = try SharedDatabase()
        let log = try #require(shared.log as? InMemoryLog)
        try await link(1, to: shared.first)
        log.fail(with: StoreError(.unavailable, "nobody there"))
        await shared.first.catchUp()
        #expect(shared.first.sharingProblem?.kind == .unavailable)
        #expect(try await shared.first.size(of: Samples.digest(1), in: app) == 10)
        let error = await #expect(throws: StoreError.self) { try await link(2, to: shared.first) }
        #expect(error?.kind == .unavailable)
        let looks = log.lookCount
        for _ in 0..<50 { await shared.first.catchUp() }
        #expect(log.lookCount == looks, "it is left alone for a moment")
        try await shared.first.close()
        let again = try shared.server("first")
        #expect(
            try await again.size(of: Samples.digest(1), in: app) == 10, "also by a server that starts now")
        #expect(throws: StoreError.self) { try shared.server("new") }
        log.fail(with: nil)
        try await ContinuousClock().sleep(for: .milliseconds(500))
        await again.catchUp()
        #expect(again.sharingProblem == nil)
        try await link(2, to: again)
    }

    /// A row that is not what it was elsewhere: the copy stops, and is made anew.
    @Test func aCopyThatHasComeApartIsMadeAnew() async throws {
        let shared = try SharedDatabase()
        let other = try shared.server("other")
        try await link(1, to: shared.first)
        await other.catchUp()
        try await other.pool.write { database in
            try database.execute(sql: "UPDATE repository SET created_at = 5")
            try database.execute(sql: "UPDATE repository SET size = 77")
        }
        try await link(2, to: shared.first)
        await other.catchUp()
        #expect(other.sharingProblem?.kind == .damaged)
        let error = await #expect(throws: StoreError.self) { try await link(3, to: other) }
        #expect(error?.kind == .damaged, "nothing is made of a state that is wrong")
        try await other.close()
        try await shared.expectAlike([shared.first, shared.server("other")])
    }

    @Test func whoAsksTogetherLooksTogether() async throws {
        let shared = try SharedDatabase()
        let log = try #require(shared.log as? InMemoryLog)
        let looks = log.lookCount
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<500 { tasks.addTask { await shared.first.catchUp() } }
        }
        #expect(log.lookCount - looks < 100, "a look serves many")
    }

    @Test func aDutyIsOneServersAtATime() async throws {
        let clock = ContractClock()
        let shared = try SharedDatabase(now: { clock.now })
        let other = try shared.server("other")
        #expect(try await shared.first.takeDuty("garbage", as: "one", for: 60))
        #expect(try await !other.takeDuty("garbage", as: "two", for: 60))
        #expect(try await other.takeDuty("check", as: "two", for: 60))
        #expect(try await shared.first.takeDuty("garbage", as: "one", for: 60), "it is kept by who has it")
        clock.advance(61)
        #expect(try await other.takeDuty("garbage", as: "two", for: 60), "and goes over when its time is up")
    }
}
