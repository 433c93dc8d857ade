import Contracts
import FileBlobs
import Foundation
import GRDB
import NIOCore
import OCI
import Registry
import ServerKit
import Synchronization
import Testing

@testable import SQLiteStore

/// Changes that come at the same time, from one process and from several.
@Suite(.timeLimit(.minutes(1))) struct WriteTests {
    @Test func aChangeThatFailsTakesNoOthersWithIt() async throws {
        let database = try Database()
        let app = try Samples.repository("team/app")
        let linked = await withTaskGroup(of: Int?.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let store = database.store
                    let isThere = number % 3 != 0
                    let result: Void? = try? await store.link(Samples.digest(number), size: 1, in: app) {
                        isThere
                    }
                    return result.map { number }
                }
            }
            return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
        }
        #expect(linked.sorted() == (0..<200).filter { $0 % 3 != 0 })
        for number in 0..<200 {
            let size = try await database.store.size(of: Samples.digest(number), in: app)
            #expect((size != nil) == (number % 3 != 0))
        }
        #expect(try await database.store.summary(of: app)?.size == Int64(linked.count))
    }

    @Test func changesThatWaitShareATransaction() async throws {
        let counter = Counter()
        let database = try Database(trace: { sql in if sql == "COMMIT" { counter.add() } })
        let (app, writer) = (try Samples.repository("team/app"), Holder())
        let before = counter.count
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await database.store.link(Samples.digest(0), size: 1, in: app) { writer.hold() }
            }
            while !writer.isHeld { await Task.yield() }
            for number in 1..<100 {
                group.addTask {
                    try await database.store.link(Samples.digest(number), size: 1, in: app) { true }
                }
            }
            while database.store.writes.waitingCount < 99 { await Task.yield() }
            writer.release()
            try await group.waitForAll()
        }
        #expect(counter.count - before == 2, "the one that was first, and all others together")
    }

    @Test func onlyWhatMayBeLostDoesNotWaitForTheDisk() async throws {
        let database = try Database()
        let store = database.store
        @Sendable func mode(isLazy: Bool) async throws -> Int? {
            try await store.write("asking", isLazy: isLazy) {
                try Int.fetchOne($0, sql: "PRAGMA synchronous")
            }
        }
        for _ in 0..<2 {
            #expect(try await mode(isLazy: true) == 1)
            #expect(try await mode(isLazy: false) == 2)
        }
        // One that waits for the disk makes all in its transaction wait.
        let writer = Holder()
        try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                try await store.write("holding", isLazy: true) { _ in
                    _ = writer.hold()
                    return nil
                }
            }
            while !writer.isHeld { await Task.yield() }
            group.addTask { try await mode(isLazy: true) }
            group.addTask { try await mode(isLazy: false) }
            while store.writes.waitingCount < 2 { await Task.yield() }
            writer.release()
            var modes: [Int] = []
            for try await found in group { modes += found.map { [$0] } ?? [] }
            #expect(modes == [2, 2])
        }
        withExtendedLifetime(database) {}
    }

    @Test func twoProcessesWriteWithoutLosingAnything() async throws {
        let here = try Database()
        let there = try here.opened()
        let app = try Samples.repository("team/app")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                let store = number.isMultiple(of: 2) ? here.store : there.store
                group.addTask { try await store.link(Samples.digest(number), size: 1, in: app) { true } }
            }
            try await group.waitForAll()
        }
        #expect(try await here.store.missing((0..<100).map { Samples.digest($0) }, in: app) == [])
    }

    @Test func anotherProcessThatChangesTheRegistryIsNoticed() async throws {
        let here = try Database()
        let there = try here.opened()
        let app = try Samples.repository("team/app")
        let (own, foreign) = (here.store.foreignRegistryGeneration, there.store.foreignRegistryGeneration)
        try await here.store.link(Samples.digest(1), size: 2, in: app) { true }
        #expect(here.store.foreignRegistryGeneration == own, "what this process did it knows")
        #expect(there.store.foreignRegistryGeneration != foreign, "the other is told")
        #expect(here.store.generation == there.store.generation)
    }

    @Test func whatFailsIsNotAnnounced() async throws {
        let database = try Database()
        let before = database.store.generation
        await expect(.missing, "there is no such rule") { try await database.store.move(1, to: 2) }
        #expect(database.store.generation == before)
    }

    /// Pushers link one blob again and again, from uploads of their own; others take it out; a collector
    /// collects whatever nobody holds. What is held has its bytes, always.
    @Test func collectingWhileOthersPushLosesNothing() async throws {
        let database = try Database(now: { Date() })
        let blobs = try FileBlobs(
            root: database.folder.path, threads: BlockingThreads(count: 4, queueMax: 1000))
        let contents = (0..<4).map { Samples.bytes(500, seed: UInt64($0) + 1) }
        let collector = Task {
            while !Task.isCancelled {
                _ = try await database.store.collect(unheldSince: .distantFuture, limit: 10) {
                    _ = try blobs.takeAway($0)
                }
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for pusher in 0..<4 {
                group.addTask {
                    try await push(contents, as: pusher, blobs, database.store)
                }
            }
            try await group.waitForAll()
        }
        collector.cancel()
        try await collector.value
        _ = try await database.store.collect(unheldSince: .distantFuture, limit: 100) {
            _ = try blobs.takeAway($0)
        }
        #expect(try await blobs.digests(after: nil, limit: 100).isEmpty, "and in the end nothing is left")
    }

    private func push(_ contents: [[UInt8]], as pusher: Int, _ blobs: FileBlobs, _ store: SQLiteStore)
        async throws
    {
        let repository = try Samples.repository("pusher\(pusher)")
        for round in 0..<40 {
            let bytes = contents[(round + pusher) % contents.count]
            let digest = Samples.digest(of: bytes)
            let id = Samples.uploadID(UInt64(pusher * 1000 + round))
            let upload = try await blobs.createUpload(id, algorithm: .sha256)
            try await upload.append(ByteBuffer(bytes: bytes))
            try await upload.publish(as: digest)
            try await store.link(digest, size: upload.size, in: repository) {
                try upload.republish(as: digest)
            }
            try await blobs.discardUpload(id)
            let blob = try await blobs.open(digest)
            #expect(
                try await blob.read(at: 0, count: 1000) == ByteBuffer(bytes: bytes), "what is held is there")
            #expect(try await store.unlink(digest, in: repository))
        }
    }
}

private final class Counter: Sendable {
    private let number = Mutex(0)

    var count: Int { number.withLock(\.self) }

    func add() { number.withLock { $0 += 1 } }
}

/// Keeps the writer's thread, which is nobody else's, until it is released.
private final class Holder: Sendable {
    private let held = Mutex(false)
    private let gate = DispatchSemaphore(value: 0)

    var isHeld: Bool { held.withLock(\.self) }

    func hold() -> Bool {
        held.withLock { $0 = true }
        gate.wait()
        return true
    }

    func release() { gate.signal() }
}
