import Contracts
import Foundation
import Harness
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@testable import S3Blobs

@Suite(.s3Server, .timeLimit(.minutes(10))) struct UploadTests {
    private static let bytes = Samples.bytes(18 << 13 | 77)
    private static let id = Samples.uploadID(7)

    private func append(_ range: Range<Int>, to upload: any BlobUpload) async throws {
        for start in stride(from: range.lowerBound, to: range.upperBound, by: 10_000) {
            let end = min(range.upperBound, start + 10_000)
            try await upload.append(ByteBuffer(bytes: Self.bytes[start..<end]))
        }
    }

    /// Every request at another replica, as without affinity.
    @Test func anUploadGoesOnAnywhere() async throws {
        let bucket = try await Bucket()
        _ = try await bucket.blobs().createUpload(Self.id, algorithm: .sha256)
        let ends = [0, 10, 3 << 13, 10 << 13, 10 << 13 | 5, Self.bytes.count]
        for (start, end) in zip(ends, ends.dropFirst()) {
            let upload = try await bucket.blobs().resumeUpload(Self.id, algorithm: .sha256)
            #expect(upload.size == start)
            try await append(start..<end, to: upload)
            try await upload.settle()
        }
        let last = try bucket.blobs()
        let upload = try await last.resumeUpload(Self.id, algorithm: .sha256)
        let digest = try await upload.digest()
        #expect(digest == Samples.digest(of: Self.bytes))
        try await upload.publish(as: digest)
        #expect(try upload.republish(as: digest))
        try await last.discardUpload(Self.id)
        #expect(try await last.read(digest).elementsEqual(Self.bytes))
        let key = bucket.places.blob(digest)
        #expect(try await bucket.edit("print(keys())") == "['\(key)']", "and nothing stays behind")
    }

    @Test func aProcessKnowsWhatItHasHashed() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let upload = try await blobs.createUpload(Self.id, algorithm: .sha256)
        try await append(0..<9 << 13, to: upload)
        try await upload.settle()
        let before = try await bucket.server.asked(bucket.name).count
        let again = try await blobs.resumeUpload(Self.id, algorithm: .sha256)
        #expect(try await again.digest() == Samples.digest(of: Array(Self.bytes[..<(9 << 13)])))
        let gets = try await bucket.server.asked(bucket.name).dropFirst(before).filter {
            $0.contains(Self.id.description + "/0")
        }
        #expect(gets.isEmpty, "no piece is read again: \(gets)")
    }

    /// Somebody who has the same upload open elsewhere puts other bytes where those were that have been hashed.
    @Test(arguments: [(18 << 13 | 77, 0), (18 << 13 | 77, 1), (8 << 13, 0)])
    func whatIsPublishedIsWhatWasHashed(_ count: Int, _ piece: Int) async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        let upload = try await blobs.createUpload(Self.id, algorithm: .sha256)
        try await append(0..<count, to: upload)
        let digest = try await upload.digest()
        try await upload.settle()
        let key = bucket.places.piece(piece, of: Self.id)
        _ = try await bucket.edit("put('\(key)', b'other' * 20000)")
        await expect(.conflict, "other bytes are not published") { try await upload.publish(as: digest) }
        #expect(try await blobs.size(of: digest) == nil)
        await expect(.conflict, "and the upload is to be opened anew") { try await upload.settle() }
        #expect(try await !upload.isCurrent())
    }

    @Test func aTailFromElsewhereIsPublishedOnlyAsItWasRead() async throws {
        let bucket = try await Bucket()
        let first = try await bucket.blobs().createUpload(Self.id, algorithm: .sha256)
        try await append(0..<1000, to: first)
        try await first.settle()
        let blobs = try bucket.blobs()
        let upload = try await blobs.resumeUpload(Self.id, algorithm: .sha256)
        let digest = try await upload.digest()
        try await append(1000..<1001, to: first)
        try await first.settle()
        await expect(.conflict, "what was written after it was read is not taken") {
            try await upload.publish(as: digest)
        }
        #expect(try await blobs.size(of: digest) == nil)
    }

    @Test func manyUploadsTakeLittleMemory() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs(budget: 30_000)
        var uploads: [any BlobUpload] = []
        for number in 0..<4 {
            uploads.append(try await blobs.createUpload(Samples.uploadID(UInt64(number)), algorithm: .sha256))
        }
        for start in stride(from: 0, to: 10 << 13, by: 10_000) {
            for upload in uploads { try await append(start..<min(10 << 13, start + 10_000), to: upload) }
        }
        let digest = Samples.digest(of: Array(Self.bytes[..<(10 << 13)]))
        for upload in uploads { #expect(try await upload.digest() == digest) }
        try await uploads[2].publish(as: digest)
        #expect(try await blobs.read(digest).elementsEqual(Self.bytes[..<(10 << 13)]))
        await expect(.conflict, "what is complete takes no more") { try await append(0..<1, to: uploads[2]) }
    }

    @Test func whatNobodyHasPutTogetherIsClearedAway() async throws {
        let bucket = try await Bucket()
        let key = bucket.places.blob(Samples.digest(1))
        let begin = "print(len(s3.create_multipart_upload(Bucket=bucket, Key='\(key)')['UploadId']) > 0)"
        #expect(try await bucket.edit(begin) == "True")
        let count = "print(len(s3.list_multipart_uploads(Bucket=bucket).get('Uploads', [])))"
        let blobs = try bucket.blobs()
        // This server says of all of them that they were begun in 2010.
        let early = Date(timeIntervalSince1970: 1_200_000_000)
        #expect(try await blobs.client.abortParts(bucket.places.blobs, before: early) == 0)
        #expect(try await bucket.edit(count) == "1", "what is young may be somebody's")
        try await blobs.clearLeftovers(before: .distantFuture)
        #expect(try await bucket.edit(count) == "0")
        #expect(try await bucket.edit(begin) == "True")
        try await blobs.clearLeftovers(before: .distantFuture)
        #expect(try await bucket.edit(count) == "1", "but not all the time")
    }

    @Test func aGapEndsAnUpload() async throws {
        let bucket = try await Bucket()
        let upload = try await bucket.blobs().createUpload(Self.id, algorithm: .sha256)
        try await append(0..<18 << 13, to: upload)
        try await upload.settle()
        _ = try await bucket.edit(
            "s3.delete_object(Bucket=bucket, Key='\(bucket.places.piece(1, of: Self.id))')")
        let again = try await bucket.blobs().resumeUpload(Self.id, algorithm: .sha256)
        #expect(again.size == 70_000, "what is behind the gap is not counted")
        try await append(70_000..<18 << 13 | 77, to: again)
        let digest = try await again.digest()
        #expect(digest == Samples.digest(of: Self.bytes))
        try await again.publish(as: digest)
    }

    @Test func aBlobThatIsThereIsNotWrittenAgain() async throws {
        let bucket = try await Bucket()
        let blobs = try bucket.blobs()
        try await bucket.publish([1, 2, 3], in: blobs)
        let before = try await bucket.server.asked(bucket.name).count
        let digest = try await bucket.publish([1, 2, 3], in: blobs, id: 8)
        let puts = try await bucket.server.asked(bucket.name).dropFirst(before).filter {
            $0.hasPrefix("PUT") && $0.contains(digest.hex)
        }
        #expect(puts == [])
    }
}
