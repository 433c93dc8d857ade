import Contracts
import FoundationEssentials
import OCI
import Registry
import ServerKit
import Synchronization
import Testing

/// Checks of everything stored, on stores in memory that can be damaged.
@Suite(.timeLimit(.minutes(1))) struct VerifierTests {
    private let bench: Bench
    private let verifier: Verifier
    private let registry: Registry

    init() throws {
        let bench = try Bench()
        let control = DamageControl(quarantine: bench.blobs, ledger: bench.store, now: { bench.clock.now })
        self.bench = bench
        self.verifier = Self.verifier(bench, bench.blobs, control)
        self.registry = Registry(
            blobs: bench.blobs, links: bench.store, manifests: bench.store, ledger: bench.store,
            garbage: bench.store,
            damage: control, generation: { bench.clock.generation }, now: { bench.clock.now })
    }

    private static func verifier(_ bench: Bench, _ blobs: any BlobStore, _ control: DamageControl) -> Verifier
    {
        Verifier(
            blobs: blobs, links: bench.store, manifests: bench.store, checks: bench.store, control: control,
            name: "test")
    }

    @Test func nothingIsWrongWithWhatWasJustPushed() async throws {
        for number in 0..<250 { try await bench.pushBlob(Array("blob \(number)".utf8)) }
        try await bench.pushImage("v1")
        let found = try await verifier.run()
        #expect(found.isClean && found.isFinished && found.finishedAt == bench.clock.now)
        #expect(found.blobs == 251 && found.manifests == 1 && found.strays == 0 && found.mended == 0)
        #expect(found.bytes == (0..<250).reduce(2) { $0 + Int64("blob \($1)".utf8.count) })
    }

    @Test(arguments: [Damage.Problem.digest, .size, .missing])
    func aDamagedBlobIsSetAsideAndMendedByAPush(_ problem: Damage.Problem) async throws {
        let bytes = Array("the layer".utf8)
        let digest = try await bench.pushBlob(bytes)
        let broken: [UInt8]? =
            switch problem {
            case .digest: Array("the lager".utf8)
            case .size: Array("the".utf8)
            default: nil
            }
        bench.blobs.damage(digest, broken)
        let found = try await verifier.run()
        #expect(found.damagedBlobs == 1 && found.blobs == 1 && !found.isClean)
        let damage = try #require(try await bench.store.damages(limit: 2).first)
        #expect(damage.subject == .blob(digest) && damage.problem == problem)
        #expect(damage.keptAt.flatMap { bench.blobs.aside[$0] } == broken, "nothing is deleted")
        await expect(.blobUnknown) { _ = try await registry.blobSize(digest, in: bench.name) }
        await expect(.blobUnknown) { _ = try await registry.openBlob(digest, in: bench.name) }

        #expect(try await verifier.run().damagedBlobs == 1, "it is found again")
        #expect(try await bench.store.damages(limit: 2) == [damage], "and known once")
        try await bench.pushBlob(bytes, in: try RepositoryName("somebody/else"))
        #expect(try await registry.blobSize(digest, in: bench.name) == 9, "one push mends it everywhere")
        let after = try await verifier.run()
        #expect(after.isClean && after.mended == 0)
    }

    @Test func aBlobWhoseFileWasPutBackByHandIsServedAgain() async throws {
        let digest = try await bench.pushBlob([1, 2, 3])
        bench.blobs.damage(digest, nil)
        #expect(try await verifier.run().damagedBlobs == 1)
        bench.blobs.damage(digest, [1, 2, 3])
        await expect(.blobUnknown) { _ = try await registry.blobSize(digest, in: bench.name) }
        let found = try await verifier.run()
        #expect(found.isClean && found.mended == 1)
        #expect(try await registry.blobSize(digest, in: bench.name) == 3)
    }

    @Test func aFileOfAnotherSizeIsNeverServed() async throws {
        let digest = try await bench.pushBlob(Array("the layer".utf8))
        bench.blobs.damage(digest, Array("the".utf8))
        await expect(.blobUnknown) { _ = try await registry.openBlob(digest, in: bench.name) }
        #expect(try await bench.store.damages(limit: 2).map(\.problem) == [.size], "and noted at once")
        #expect(bench.blobs.aside.values.contains(Array("the".utf8)))
        await expect(.blobUnknown) { _ = try await registry.blobSize(digest, in: bench.name) }
    }

    @Test func aManifestWithOtherBytesIsNeverServedAndMendedByAPush() async throws {
        let digest = try await bench.pushImage("v1")
        let whole = try await registry.manifest(.digest(digest), in: bench.name)
        bench.store.damage(digest, in: bench.name, Array("{}".utf8))
        bench.clock.somebodyElseChangedSomething()
        await expect(.manifestUnknown) {
            _ = try await registry.manifest(.tag(try Tag("v1")), in: bench.name)
        }
        #expect(try await bench.store.damages(limit: 2).map(\.subject) == [.manifest(digest, bench.name)])
        #expect(try await verifier.run().damagedManifests == 1)
        try await bench.pushImage("v2")
        #expect(try await registry.manifest(.tag(try Tag("v1")), in: bench.name) == whole)
        #expect(try await verifier.run().isClean)
    }

    @Test func whatAManifestMissesIsReportedButNotTwice() async throws {
        let deleted = try await bench.pushImage("v1", config: "1")
        let config = Samples.digest(of: Array("1".utf8))
        try await bench.pushImage("v2", config: "2")
        bench.blobs.damage(Samples.digest(of: Array("2".utf8)), nil)
        _ = try await bench.store.unlink(config, in: bench.name)
        let found = try await verifier.run()
        #expect(found.damagedBlobs == 1 && found.incompleteCount == 1 && !found.isClean)
        #expect(
            found.incomplete == [
                IncompleteManifest(
                    repository: bench.name.text, digest: "\(deleted)", missing: ["\(config)"])
            ], "a damaged blob is reported for itself")
    }

    @Test func filesWithoutRowsAreCounted() async throws {
        bench.blobs.insert([1, 2, 3])
        bench.blobs.insert([4, 5])
        try await bench.pushBlob([6])
        let found = try await verifier.run()
        #expect(found.strays == 2 && found.strayBytes == 5 && found.isClean)
        let names = [[1, 2, 3], [4, 5]].map { Samples.digest(of: $0).description }
        #expect(found.strayNames == names.sorted(), "and named")
        #expect(try await bench.blobs.digests(after: nil, limit: 9).count == 3, "and left to the collector")
    }

    @Test func aCheckThatWasStoppedGoesOnWhereItWas() async throws {
        for number in 0..<300 { try await bench.pushBlob(Array("blob \(number)".utf8)) }
        let stop = Stop()
        let cut = Self.verifier(
            bench, BlobsThatStop(blobs: bench.blobs, stop: stop),
            DamageControl(quarantine: bench.blobs, ledger: bench.store, now: { bench.clock.now }))
        await #expect(throws: StoreError.self) { _ = try await cut.run() }
        // What was saved last is somewhere before; set it as a later save would have.
        var halfway = try #require(try await verifier.last())
        #expect(!halfway.isFinished && halfway.startedAt == bench.clock.now)
        let records = try await bench.store.blobRecords(after: nil, limit: 120)
        halfway.cursor = "\(try #require(records.last).digest)"
        halfway.blobs = 120
        try await bench.store.save(halfway, of: "test")
        let opened = Stop(after: .max)
        let counted = Self.verifier(
            bench, BlobsThatStop(blobs: bench.blobs, stop: opened),
            DamageControl(quarantine: bench.blobs, ledger: bench.store, now: { bench.clock.now }))
        let found = try await counted.run()
        #expect(found.blobs == 300 && found.isClean)
        #expect(opened.count == 180, "what was done is not done again")
        #expect(try await counted.run().blobs == 300)
        #expect(opened.count == 480, "a finished check begins anew")
    }

    @Test func itReadsNoFasterThanItIsTold() async throws {
        try await bench.pushBlob(Samples.bytes(300_000))
        let start = ContinuousClock.now
        _ = try await verifier.run(bytesPerSecond: 1_000_000)
        #expect(ContinuousClock.now - start >= .milliseconds(290))
    }
}

/// After how many blobs a disk gives up, and how many were opened.
private final class Stop: Sendable {
    private let opened = Mutex(0)
    private let countMax: Int

    init(after countMax: Int = 200) { self.countMax = countMax }

    var count: Int { opened.withLock { $0 } }

    func open() throws(StoreError) {
        let count = opened.withLock { opened in
            opened += 1
            return opened
        }
        if count > countMax { throw StoreError(.unavailable, "the disk is gone") }
    }
}

/// Blobs of which only so many can be opened.
private struct BlobsThatStop: BlobStore {
    let blobs: InMemoryBlobs
    let stop: Stop

    func open(_ digest: Digest) async throws(StoreError) -> any StoredBlob {
        try stop.open()
        return try await blobs.open(digest)
    }

    func size(of digest: Digest) async throws(StoreError) -> Int64? { try await blobs.size(of: digest) }
    func remove(_ digest: Digest) async throws(StoreError) { try await blobs.remove(digest) }
    func requireRoom() async throws(StoreError) { try await blobs.requireRoom() }
    func takeAway(_ digest: Digest) throws(StoreError) -> UploadID? { try blobs.takeAway(digest) }
    func settled(before moment: Date, among digests: [Digest]) async throws(StoreError) -> [Digest: Int64] {
        try await blobs.settled(before: moment, among: digests)
    }
    func createUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError) -> any BlobUpload
    {
        try await blobs.createUpload(id, algorithm: algorithm)
    }
    func resumeUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError) -> any BlobUpload
    {
        try await blobs.resumeUpload(id, algorithm: algorithm)
    }
    func discardUpload(_ id: UploadID) async throws(StoreError) { try await blobs.discardUpload(id) }
    func uploads() async throws(StoreError) -> [UploadID] { try await blobs.uploads() }
    func clearLeftovers(before moment: Date) async throws(StoreError) {
        try await blobs.clearLeftovers(before: moment)
    }
    func digests(after last: Digest?, limit: Int) async throws(StoreError) -> [Digest] {
        try await blobs.digests(after: last, limit: limit)
    }
}
