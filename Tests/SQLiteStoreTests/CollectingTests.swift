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

/// Collecting garbage on real files and rows while others push: what the peers lose things by
/// (distribution's garbage collection must not run beside pushes at all).
@Suite(.timeLimit(.minutes(5))) struct CollectingTests {
    /// Pushers push images of shared layers, move and remove tags, manifests and repositories; collectors
    /// collect without any grace time; all of it from two processes' stores on the same files. Whatever was
    /// acknowledged stays whole until its own pusher lets go of it.
    @Test func whatWasAcknowledgedStaysWholeWithoutAnyGraceTime() async throws {
        let yard = try Ground()
        let processes = [try yard.process(), try yard.process()]
        let layers = (0..<5).map { Samples.bytes(300 + $0 * 100, seed: UInt64($0) + 1) }
        let end = End()
        let rounds = 6
        try await withThrowingTaskGroup(of: Int.self) { group in
            for process in processes {
                group.addTask {
                    var freed = 0
                    while !end.isReached {
                        do { freed += try await process.collect().manifests } catch let error as StoreError {
                            guard error.kind == .unavailable else { throw error }
                        }
                    }
                    return freed
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { pushers in
                for number in 0..<6 {
                    let pusher = Pusher(
                        registry: processes[number % 2].registry, number: number, layers: layers)
                    pushers.addTask { try await pusher.run(rounds: rounds) }
                }
                try await pushers.waitForAll()
            }
            end.reach()
            var freed = 0
            for try await count in group { freed += count }
            #expect(freed > 0, "manifests were collected while others were pushed")
        }
        // Every pusher has let go of all it pushed.
        _ = try await processes[0].collect()
        #expect(
            try await processes[0].blobs.digests(after: nil, limit: 10) == [], "in the end nothing is left")
        #expect(try await processes[0].blobs.uploads() == [])
        let rows = try await processes[0].store.pool.read { database in
            try ["repository", "blob", "link", "manifest", "manifest_reference", "tag", "upload"].map {
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") ?? 0
            }
        }
        #expect(rows.allSatisfy { $0 == 0 }, "\(rows)")
    }

    /// A client asks for a blob, is told that it is there, and pushes the manifest much later.
    @Test func whatAClientWasToldOfStaysForItsManifest() async throws {
        let clock = ContractClock()
        let ground = try Ground()
        let process = try ground.process(graceTime: 100, now: { clock.now })
        let pusher = Pusher(registry: process.registry, number: 1, layers: [])
        let blob = try await pusher.upload(Array("layer".utf8))
        let name = try pusher.repository
        for _ in 0..<6 {
            clock.advance(60)
            #expect(try await process.registry.blobSize(blob, in: name) == 5)
            _ = try await process.collect()
        }
        clock.advance(49)
        _ = try await process.collect()
        let image = try Samples.image(config: blob)
        let digest = try await process.registry.push(
            image, as: .tag(Samples.tag("v1")), in: name, by: "alice")
        clock.advance(1000)
        #expect(try await process.collect() == GarbageReport())
        #expect(
            try await process.registry.manifest(.digest(digest), in: name).body
                == ByteBuffer(bytes: image.bytes))
    }

    @Test func aFileThatNoRowKnowsGoesAfterTheGraceTimeAndNotBesideAnotherRegistry() async throws {
        let ground = try Ground()
        let process = try ground.process()
        let bytes = Array("left by a crash".utf8)
        let digest = Samples.digest(of: bytes)
        let upload = try await process.blobs.createUpload(Samples.uploadID(1), algorithm: .sha256)
        try await upload.append(ByteBuffer(bytes: bytes))
        try await upload.publish(as: digest)
        try await process.blobs.discardUpload(Samples.uploadID(1))

        let patient = try ground.process(graceTime: 3600)
        #expect(try await patient.collect().blobs == 0, "it may be somebody's who is just linking it")
        let foreign = "\(ground.folder.path)/docker/registry/v2/repositories"
        try FileManager.default.createDirectory(
            atPath: foreign + "/app", withIntermediateDirectories: true)
        #expect(try await process.collect().blobs == 0, "it may be the other registry's")
        try FileManager.default.removeItem(atPath: foreign)
        #expect(try await process.forecast().blobs == 1)
        let report = try await process.collect()
        #expect(report.blobs == 1 && report.bytes == Int64(bytes.count))
        #expect(try await process.blobs.digests(after: nil, limit: 10) == [])
    }

    @Test func aDryRunSaysWhatARunThenDoes() async throws {
        let clock = ContractClock()
        let ground = try Ground()
        let process = try ground.process(graceTime: 100, now: { clock.now })
        let layers = (0..<3).map { Samples.bytes(1000 + $0, seed: UInt64($0) + 1) }
        let (first, second) = (
            Pusher(registry: process.registry, number: 1, layers: layers),
            Pusher(registry: process.registry, number: 2, layers: layers)
        )
        for round in 0..<4 {
            for pusher in [first, second] { _ = try await pusher.push(round, tag: "t\(round % 2)") }
        }
        let removed = try await process.registry.digest(of: .tag(Samples.tag("t0")), in: first.repository)
        try await process.registry.remove(manifest: removed, in: first.repository, by: "alice")
        #expect(try await process.store.removeRepository(second.repository, by: "alice"))
        _ = try await process.registry.beginUpload(in: first.repository, by: "alice")
        for _ in 0..<2 {
            clock.advance(101)
            var forecast = try await process.forecast()
            var report = try await process.collect()
            #expect(report != GarbageReport())
            // Those that hold nothing since then are no loss that one would want to foresee.
            forecast.repositories = 0
            report.repositories = 0
            #expect(forecast == report)
        }
        clock.advance(101)
        _ = try await process.collect()
        #expect(try await process.forecast() == GarbageReport(), "and in the end nothing is left to free")
    }

    /// Large repositories are removed and collected piece by piece.
    @Test func noStepTakesLong() async throws {
        let ground = try Ground()
        let process = try ground.process()
        let name = try Samples.repository("large")
        let store = process.store
        for number in 0..<40 { try await store.link(Samples.digest(number), size: 1, in: name) { true } }
        for number in 0..<400 {
            let image = try Samples.image(
                config: Samples.digest(number % 40), annotations: ["number": "\(number)"])
            _ = try await store.put(Samples.push(image, tags: ["v\(number)"], at: Date()), in: name)
        }
        #expect(try await store.removeRepository(name, by: "alice"))
        let rule = GarbageRule(restingSince: Date())
        let page = try await store.garbage(of: .repositories, by: rule, after: nil, limit: 9)
        let first = try await store.remove(page.items, of: .repositories, by: rule)
        #expect(first.manifests < 400, "a step does a part: \(first)")
        #expect(first.done == 0 && first.repositories == 0)
        let report = try await process.collect()
        #expect(report.manifests == 400 - first.manifests && report.repositories == 1 && report.blobs == 40)
    }
}

/// Tells collectors when to stop.
private final class End: Sendable {
    private let state = Mutex(false)

    var isReached: Bool { state.withLock(\.self) }

    func reach() { state.withLock { $0 = true } }
}

/// A folder that several processes work on.
private struct Ground {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// - Parameter graceTime: in seconds.
    func process(graceTime: TimeInterval = 0, now: @Sendable @escaping () -> Date = { Date() }) throws
        -> Process
    {
        try Process(folder, graceTime: graceTime, now: now)
    }

    struct Process: Sendable {
        let folder: TemporaryFolder
        let store: SQLiteStore
        let blobs: FileBlobs
        let registry: Registry
        let graceTime: TimeInterval

        init(_ folder: TemporaryFolder, graceTime: TimeInterval, now: @Sendable @escaping () -> Date) throws {
            let store = try SQLiteStore(path: "\(folder.path)/homeport.db", now: now)
            self.folder = folder
            self.store = store
            self.graceTime = graceTime
            blobs = try FileBlobs(root: folder.path, threads: BlockingThreads(count: 4, queueMax: 1000))
            registry = Registry(
                blobs: blobs, links: store, manifests: store, ledger: store, garbage: store,
                limits: RegistryLimits(uploadLifetime: 100, graceTime: graceTime),
                generation: { store.foreignRegistryGeneration }, now: now)
        }

        private var collector: GarbageCollector {
            GarbageCollector(
                registry, garbage: store, policy: GarbagePolicy(graceTime: graceTime))
        }

        func collect() async throws -> GarbageReport { try await collector.collect() }

        func forecast() async throws -> GarbageReport { try await collector.forecast() }
    }
}

/// Somebody who pushes images as clients do, and looks after what was acknowledged.
private struct Pusher: Sendable {
    let registry: Registry
    let number: Int
    let layers: [[UInt8]]

    /// Two share one.
    var repository: RepositoryName { get throws { try Samples.repository("shared/app\(number / 2)") } }

    func run(rounds: Int) async throws {
        var standing: [String: Digest] = [:]
        for round in 0..<rounds {
            let tag = "p\(number)-\(round % 3)"
            let digest = try await push(round, tag: tag)
            standing[tag] = digest
            switch Int.random(in: 0..<6) {
            case 0:
                try await registry.remove(Samples.tag(tag), in: repository, by: "pusher")
                standing[tag] = nil
            case 1:
                try await registry.remove(manifest: digest, in: repository, by: "pusher")
                standing[tag] = nil
            default: break
            }
            for (tag, digest) in standing { try await check(tag, digest) }
        }
        for tag in standing.keys {
            try await registry.remove(Samples.tag(tag), in: repository, by: "pusher")
        }
    }

    /// Pushes an image of its own with some of the shared layers, every other one in an index, until it is
    /// acknowledged: a collection without grace may take what was just sent.
    func push(_ round: Int, tag: String) async throws -> Digest {
        let config = Array("config of \(number) in round \(round)".utf8)
        let some = layers.filter { _ in Bool.random() }
        for _ in 0..<2000 {
            do {
                let digest = try await upload(config)
                var held: [Digest] = []
                for layer in some { held.append(try await upload(layer)) }
                let image = try Samples.image(config: digest, layers: held)
                guard round.isMultiple(of: 2) else {
                    return try await registry.push(
                        image, as: .tag(Samples.tag(tag)), in: repository, by: "pusher")
                }
                let child = try await registry.push(
                    image, as: .digest(Samples.digest(of: image.bytes)), in: repository, by: "pusher")
                return try await registry.push(
                    Samples.index(of: [child]), as: .tag(Samples.tag(tag)), in: repository, by: "pusher")
            } catch is MissingReferences {
                continue
            } catch let error as StoreError {
                // The other process had the database for long; a client would be told to come again.
                guard error.kind == .unavailable else { throw error }
            }
        }
        throw StoreError(.unavailable, "round \(round) of \(number) was never acknowledged")
    }

    /// Asks first, as clients do, and sends only what is not there.
    func upload(_ bytes: [UInt8]) async throws -> Digest {
        let digest = Samples.digest(of: bytes)
        do {
            _ = try await registry.blobSize(digest, in: repository)
        } catch let error as OCIError where error.code == .blobUnknown {
            let ticket = try await registry.beginUpload(in: repository, by: "pusher")
            let body = AsyncStream { continuation in
                continuation.yield(ByteBuffer(bytes: bytes))
                continuation.finish()
            }
            _ = try await registry.finishUpload(ticket, as: digest, body, UploadChunk())
        }
        return digest
    }

    /// Whether a tag leads to its manifest, and that to all it needs, byte for byte.
    private func check(_ tag: String, _ digest: Digest) async throws {
        #expect(try await registry.digest(of: .tag(Samples.tag(tag)), in: repository) == digest)
        try await check(digest)
    }

    private func check(_ digest: Digest) async throws {
        let pulled = try await registry.manifest(.digest(digest), in: repository)
        let manifest = try Manifest(Array(buffer: pulled.body), contentType: pulled.mediaType)
        for child in manifest.requiredManifests { try await check(child) }
        for blob in manifest.requiredBlobs {
            let stored = try await registry.openBlob(blob, in: repository)
            let bytes = try await stored.read(at: 0, count: Int(stored.size))
            #expect(Samples.digest(of: Array(buffer: bytes)) == blob)
        }
    }
}
