import Contracts
import Foundation
import Harness
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@testable import S3Blobs

/// Several servers on the same facts and the same bucket, with every request of a client at another.
@Suite(.s3Server, .timeLimit(.minutes(10))) struct ReplicaTests {
    private let facts = InMemoryRegistry()
    private let bytes = Samples.bytes(12 << 13 | 3)

    private func replica(_ bucket: Bucket, orphanAge: TimeInterval = 3600) throws -> Registry {
        Registry(
            blobs: try bucket.blobs(orphanAge: orphanAge), links: facts, manifests: facts, ledger: facts,
            garbage: facts,
            generation: { 0 }, now: { Date() })
    }

    private func body(_ range: Range<Int>) -> AsyncStream<ByteBuffer> {
        AsyncStream { stream in
            for start in stride(from: range.lowerBound, to: range.upperBound, by: 20_000) {
                stream.yield(ByteBuffer(bytes: bytes[start..<min(range.upperBound, start + 20_000)]))
            }
            stream.finish()
        }
    }

    @Test func anUploadNeedsNoAffinity() async throws {
        let bucket = try await Bucket()
        let replicas = try [replica(bucket), replica(bucket), replica(bucket)]
        let app = try RepositoryName("team/app")
        let ticket = try await replicas[0].beginUpload(in: app, by: "alice")
        // The first has it open, and must notice that the others have gone on.
        let ends = [0, 5, 9 << 13, 9 << 13 | 1, 11 << 13, 12 << 13]
        for (turn, part) in zip(ends, ends.dropFirst()).enumerated() {
            #expect(try await replicas[(turn + 2) % 3].uploadSize(ticket) == part.0)
            let progress = try await replicas[turn % 3].append(
                body(part.0..<part.1), UploadChunk(), to: ticket)
            #expect(progress.size == part.1)
        }
        let digest = Samples.digest(of: bytes)
        _ = try await replicas[1].finishUpload(
            ticket, as: digest, body(12 << 13..<bytes.count), UploadChunk())
        for replica in replicas {
            await #expect(throws: OCIError.self) { try await replica.uploadSize(ticket) }
            let blob = try await replica.openBlob(digest, in: app)
            #expect(blob.size == bytes.count)
            #expect(try await replica.sweepUploads() == UploadSweep())
        }
        #expect(try await bucket.blobs().read(digest).elementsEqual(bytes))
        #expect(try await bucket.edit("print(len(keys()))") == "1")
    }

    @Test func aSweepLeavesTheUploadsOfOthers() async throws {
        let bucket = try await Bucket()
        let (one, other) = (try replica(bucket), try replica(bucket))
        let ticket = try await one.beginUpload(in: RepositoryName("team/app"), by: "alice")
        _ = try await one.append(body(0..<1000), UploadChunk(), to: ticket)
        #expect(try await other.sweepUploads() == UploadSweep())
        #expect(try await other.uploadSize(ticket) == 1000)
        _ = try await bucket.edit("put('\(bucket.places.piece(0, of: Samples.uploadID(5)))', b'nobody')")
        #expect(try await other.sweepUploads().orphaned == 0, "what is young may be somebody's")
        let hasty = try replica(bucket, orphanAge: -60)
        #expect(try await hasty.sweepUploads().orphaned == 1, "what has no row is swept, and nothing else")
        #expect(try await other.uploadSize(ticket) == 1000)
    }

    @Test func aBucketIsOneInstallations() async throws {
        let bucket = try await Bucket()
        let (ours, theirs) = (try bucket.blobs(owner: "ours"), try bucket.blobs(owner: "theirs"))
        let digest = try await bucket.publish(Samples.bytes(100), in: ours)
        try await ours.claim()
        try await bucket.blobs(owner: "ours").claim()
        for act in [
            { try await theirs.claim() }, { _ = try await theirs.uploads() },
            { _ = try await theirs.settled(before: .distantFuture, among: [digest]) },
            { try await theirs.clearLeftovers(before: .distantFuture) },
        ] as [@Sendable () async throws -> Void] {
            let error = await #expect(throws: StoreError.self) { try await act() }
            #expect(
                error?.kind == .failed && (error?.description ?? "").contains("some/place/homeport-owner"))
        }
        #expect(try await ours.settled(before: .distantFuture, among: [digest]).count == 1)
    }
}
