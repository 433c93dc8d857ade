import Contracts
import Foundation
import Glibc
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@testable import FileBlobs

@Suite(.timeLimit(.minutes(1))) struct UploadTests {
    private let id = Samples.uploadID(1)

    @Test func anUploadGoesOnAfterARestart() async throws {
        let store = try Store()
        let bytes = Samples.bytes(900_000)
        let first = try await store.blobs.createUpload(id, algorithm: .sha256)
        try await first.append(ByteBuffer(bytes: bytes[..<500_000]))

        let restarted = try store.reopened()
        #expect(try await restarted.blobs.uploads() == [id])
        let second = try await restarted.blobs.resumeUpload(id, algorithm: .sha256)
        #expect(second.size == 500_000)
        try await second.append(ByteBuffer(bytes: bytes[500_000...]))
        let digest = try await second.digest()
        #expect(digest == Samples.digest(of: bytes))
        try await second.publish(as: digest)
        #expect(try await restarted.read(digest).elementsEqual(bytes))
    }

    @Test func whatIsRememberedOfAHashDoesNotCountForAChangedFile() async throws {
        let store = try Store()
        let upload = try await store.blobs.createUpload(id, algorithm: .sha256)
        try await upload.append(ByteBuffer(bytes: [1, 2, 3]))
        let file = try FileHandle(forWritingTo: URL(filePath: store.layout.upload(id)))
        try file.seekToEnd()
        try file.write(contentsOf: Data([4]))
        try file.close()
        let resumed = try await store.blobs.resumeUpload(id, algorithm: .sha256)
        #expect(try await resumed.digest() == Samples.digest(of: [1, 2, 3, 4]))
        await expect(.damaged, "the first holder no longer knows what is in the file") {
            try await upload.publish(as: Samples.digest(of: [1, 2, 3]))
        }
    }

    @Test func aPublishedUploadTakesNoMoreBytesAlsoAfterARestart() async throws {
        let store = try Store()
        let upload = try await store.blobs.createUpload(id, algorithm: .sha256)
        try await upload.append(ByteBuffer(bytes: [1, 2, 3]))
        let digest = try await upload.digest()
        try await upload.publish(as: digest)
        await expect(.conflict, "its bytes are a blob's now") {
            try await upload.append(ByteBuffer(bytes: [4]))
        }

        let restarted = try store.reopened()
        let resumed = try await restarted.blobs.resumeUpload(id, algorithm: .sha256)
        await expect(.conflict, "and still are") { try await resumed.append(ByteBuffer(bytes: [4])) }
        try await resumed.append(ByteBuffer())
        try await resumed.publish(as: digest)
        #expect(try await restarted.read(digest) == [1, 2, 3])
    }

    @Test func anUploadWhoseFileIsGoneCannotBePublished() async throws {
        let store = try Store()
        let upload = try await store.blobs.createUpload(id, algorithm: .sha256)
        try await upload.append(ByteBuffer(bytes: [1]))
        let digest = try await upload.digest()
        try await store.blobs.discardUpload(id)
        await expect(.missing, "there is nothing to publish") { try await upload.publish(as: digest) }
        #expect(try !upload.republish(as: digest))
        #expect(try await store.blobs.size(of: digest) == nil)
    }

    @Test func namesThatAreNoUploadsAreLeftAlone() async throws {
        let store = try Store()
        try Data().write(to: URL(filePath: "\(store.layout.uploads)/README"))
        try Data().write(to: URL(filePath: store.layout.replacement(id)))
        #expect(
            try await store.blobs.uploads() == [id], "a second name left by a crash belongs to its upload")
        try await store.blobs.discardUpload(id)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.layout.uploads) == ["README"])
    }

    @Test func manyPublishersAndRemoversOfOneBlobDoNotDisturbEachOther() async throws {
        let store = try Store()
        let bytes = Samples.bytes(2000)
        let digest = Samples.digest(of: bytes)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 as Range<UInt64> {
                group.addTask {
                    try await store.publish(bytes, id: number)
                }
                group.addTask { try await store.blobs.remove(digest) }
            }
            try await group.waitForAll()
        }
        try await store.publish(bytes, id: 99)
        #expect(try await store.read(digest).elementsEqual(bytes))
        #expect(try await store.blobs.uploads() == [])
    }

    @Test(
        arguments: [
            (ENOSPC, .full), (EDQUOT, .full), (EMFILE, .unavailable), (ENOENT, .missing), (EIO, .damaged),
        ] as [(CInt, StoreError.Kind)])
    func anErrorOfTheSystemSaysWhatCallersCanDo(_ code: CInt, _ kind: StoreError.Kind) {
        let error = Disk.failure("writing a file", code)
        #expect(error.kind == kind)
        #expect(error.description.hasPrefix("writing a file: "))
    }

    /// Only root may mount; whoever builds without being root sees the mapping above alone.
    @Test(.enabled(if: geteuid() == 0)) func aFullDiskLosesNothingThatWasAppended() async throws {
        let folder = try TemporaryFolder()
        try #require(mount("tmpfs", folder.path, "tmpfs", 0, "size=1m") == 0)
        defer { umount2(folder.path, CInt(MNT_DETACH)) }
        let store = try Store(in: folder)
        let kept = try await store.publish(Samples.bytes(1000), id: 2)
        let upload = try await store.blobs.createUpload(id, algorithm: .sha256)
        try await upload.append(ByteBuffer(bytes: Samples.bytes(500_000)))
        await expect(.full, "more than the disk holds") {
            try await upload.append(ByteBuffer(bytes: Samples.bytes(900_000)))
        }
        #expect(upload.size == 500_000)
        #expect(try await store.reopened().blobs.resumeUpload(id, algorithm: .sha256).size == 500_000)
        try await upload.append(ByteBuffer(bytes: [1, 2, 3]))
        #expect(try await upload.digest() == Samples.digest(of: Samples.bytes(500_000) + [1, 2, 3]))
        #expect(try await store.read(kept) == Samples.bytes(1000))
    }
}
