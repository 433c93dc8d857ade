import Contracts
import Foundation
import Harness
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@testable import S3Blobs

/// A real server: OpenStack Swift.
@Suite(.timeLimit(.minutes(10))) struct SwiftTests {
    private func withBlobs(_ body: @Sendable @escaping (S3Blobs) async throws -> Void) async throws {
        try await withSwiftServer(in: TemporaryFolder()) { server in
            var settings = S3Settings(
                endpoint: try #require(S3Endpoint(server.endpoint)), bucket: "images",
                keys: .init(access: SwiftServer.access, secret: Secret(SwiftServer.secret)))
            settings.prefix = "some/place"
            let blobs = try S3Blobs(
                settings, owner: "tests", threads: BlockingThreads(count: 2, queueMax: 100), now: { Date() })
            _ = try await blobs.client.ask(S3Request(.put, nil))
            try await body(blobs)
        }
    }

    @Test func swiftKeepsTheContract() async throws {
        try await withBlobs { try await checkBlobStoreContract($0, isRemote: true) }
    }

    @Test func swiftKeepsTheContractOfQuarantine() async throws {
        try await withBlobs { try await checkBlobQuarantineContract($0) }
    }

    @Test func largeBlobsArePutTogetherThere() async throws {
        try await withBlobs { blobs in
            let block = Samples.bytes(1 << 20)
            let upload = try await blobs.createUpload(Samples.uploadID(1), algorithm: .sha256)
            for number in 0..<19 {
                var piece = ByteBuffer(bytes: block)
                piece.writeInteger(number)
                try await upload.append(piece)
                if number == 9 { try await upload.settle() }
            }
            let digest = try await upload.digest()
            try await upload.publish(as: digest)
            #expect(try upload.republish(as: digest))
            try await blobs.discardUpload(Samples.uploadID(1))
            let blob = try await blobs.open(digest)
            var hash = ContentHash(.sha256)
            var offset: Int64 = 0
            while offset < blob.size {
                let piece = try await blob.read(at: offset, count: 1 << 20)
                piece.withUnsafeReadableBytes { hash.update($0) }
                offset += Int64(piece.readableBytes)
            }
            #expect(hash.digest == digest)
            #expect(try await blobs.setAside(digest, opened: blob) != nil)
        }
    }

    @Test func whatSomebodyElseWroteIsNotPublished() async throws {
        try await withBlobs { blobs in
            let upload = try await blobs.createUpload(Samples.uploadID(1), algorithm: .sha256)
            for _ in 0..<9 { try await upload.append(ByteBuffer(repeating: 1, count: 1 << 20)) }
            let digest = try await upload.digest()
            try await upload.settle()
            _ = try await blobs.client.put(
                blobs.places.piece(0, of: Samples.uploadID(1)), ByteBuffer(repeating: 2, count: 8 << 20))
            await expect(.conflict, "other bytes are not published") { try await upload.publish(as: digest) }
            #expect(try await blobs.size(of: digest) == nil)
        }
    }
}
