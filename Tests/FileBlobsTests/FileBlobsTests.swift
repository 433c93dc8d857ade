import Contracts
import Foundation
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@testable import FileBlobs

/// A store in a folder of its own.
struct Store {
    let folder: TemporaryFolder
    let blobs: FileBlobs
    let layout: Layout

    init(in folder: TemporaryFolder? = nil) throws {
        self.folder = try folder ?? TemporaryFolder()
        self.layout = Layout(root: self.folder.path)
        self.blobs = try FileBlobs(
            root: self.folder.path, threads: BlockingThreads(count: 4, queueMax: 1000))
    }

    /// The same folder, as a process sees it that starts now.
    func reopened() throws -> Store { try Store(in: folder) }

    @discardableResult
    func publish(_ bytes: [UInt8], id: UInt64 = 1) async throws -> Digest {
        let upload = try await blobs.createUpload(Samples.uploadID(id), algorithm: .sha256)
        try await upload.append(ByteBuffer(bytes: bytes))
        let digest = try await upload.digest()
        try await upload.publish(as: digest)
        try await blobs.discardUpload(Samples.uploadID(id))
        return digest
    }

    func read(_ digest: Digest) async throws -> [UInt8] {
        let blob = try await blobs.open(digest)
        return Array(buffer: try await blob.read(at: 0, count: Int(blob.size)))
    }
}

@Suite(.timeLimit(.minutes(1))) struct FileBlobsTests {
    @Test func aFolderKeepsTheContract() async throws {
        let store = try Store()
        try await checkBlobStoreContract(store.blobs)
    }

    @Test func aFolderKeepsTheContractOfQuarantine() async throws {
        let store = try Store()
        try await checkBlobQuarantineContract(store.blobs)
    }

    @Test func aDamagedFileOfTheRightSizeIsReplacedByAPush() async throws {
        let store = try Store()
        let digest = try await store.publish(Samples.bytes(1000))
        try Data(Samples.bytes(1000, seed: 2)).write(to: URL(filePath: store.layout.data(of: digest)))
        try await store.publish(Samples.bytes(1000), id: 2)
        #expect(try await store.read(digest) == Samples.bytes(1000))
        #expect(try await store.blobs.uploads() == [])
    }

    @Test func whatReplacedADamagedFileIsNotSetAside() async throws {
        let store = try Store()
        let digest = try await store.publish(Samples.bytes(1000))
        let damaged = try await store.blobs.open(digest)
        try await store.publish(Samples.bytes(1000), id: 2)
        #expect(try await store.blobs.setAside(digest, opened: damaged) == nil)
        #expect(try await store.read(digest) == Samples.bytes(1000))
    }

    @Test func whatCannotBeOpenedIsSetAside() async throws {
        let store = try Store()
        let digest = try await store.publish([1, 2, 3])
        let data = store.layout.data(of: digest)
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.createSymbolicLink(atPath: data, withDestinationPath: "/etc/hostname")
        let place = try #require(try await store.blobs.setAside(digest, opened: nil))
        #expect(place.hasPrefix(store.folder.path + "/damaged/sha256-\(digest.hex)"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place) == "/etc/hostname")
        #expect(!FileManager.default.fileExists(atPath: store.layout.folder(of: digest)))
    }

    @Test func aBlobLiesWhereDistributionLaysIt() async throws {
        let store = try Store()
        let digest = try await store.publish(Array("hello".utf8))
        let path = "docker/registry/v2/blobs/sha256/\(digest.hex.prefix(2))/\(digest.hex)/data"
        #expect(FileManager.default.contents(atPath: "\(store.folder.path)/\(path)") == Data("hello".utf8))
    }

    @Test func aFolderOfDistributionsRegistryIsReadAsItIs() async throws {
        let store = try Store()
        let digest = Samples.digest(of: Array("adopted".utf8))
        try FileManager.default.createDirectory(
            atPath: store.layout.folder(of: digest), withIntermediateDirectories: true)
        try Data("adopted".utf8).write(to: URL(filePath: store.layout.data(of: digest)))
        try FileManager.default.createDirectory(
            atPath: store.layout.folder(of: Samples.digest(1)), withIntermediateDirectories: true)
        #expect(try await store.read(digest) == Array("adopted".utf8))
        #expect(
            try await store.blobs.digests(after: nil, limit: 9) == [digest], "a folder without bytes is none")
    }

    @Test func onlyTheOwnerMayReadWhatIsStored() async throws {
        let store = try Store()
        let digest = try await store.publish([1, 2, 3])
        _ = try await store.blobs.createUpload(Samples.uploadID(9), algorithm: .sha256)
        func mode(_ path: String) throws -> Int {
            try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
        }
        #expect(try mode(store.layout.data(of: digest)) == 0o600)
        #expect(try mode(store.layout.upload(Samples.uploadID(9))) == 0o600)
        #expect(try mode(store.layout.folder(of: digest)) == 0o700)
        #expect(try mode(store.layout.uploads) == 0o700)
    }

    @Test func aSymbolicLinkInPlaceOfAnUploadOrBlobIsNotFollowed() async throws {
        let store = try Store()
        let secret = "\(store.folder.path)/secret"
        try Data("secret".utf8).write(to: URL(filePath: secret))
        let id = Samples.uploadID(5)
        try FileManager.default.createSymbolicLink(
            atPath: store.layout.upload(id), withDestinationPath: secret)
        await expect(.damaged, "the link is not opened") {
            _ = try await store.blobs.resumeUpload(id, algorithm: .sha256)
        }
        let digest = Samples.digest(5)
        try FileManager.default.createDirectory(
            atPath: store.layout.folder(of: digest), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: store.layout.data(of: digest), withDestinationPath: secret)
        await expect(.damaged, "the link is not read") { _ = try await store.blobs.open(digest) }
        await expect(.damaged, "the link has no size") { _ = try await store.blobs.size(of: digest) }
    }

    @Test func aFileOfTheWrongSizeInTheBlobsPlaceIsReplaced() async throws {
        let store = try Store()
        let digest = try await store.publish(Samples.bytes(1000))
        try Data([1]).write(to: URL(filePath: store.layout.data(of: digest)))
        try await store.publish(Samples.bytes(1000), id: 2)
        #expect(try await store.read(digest) == Samples.bytes(1000))
        #expect(try await store.blobs.uploads() == [])
    }

    @Test func aBlobAndItsFolderGoTogether() async throws {
        let store = try Store()
        let digest = try await store.publish([7])
        try await store.blobs.remove(digest)
        #expect(!FileManager.default.fileExists(atPath: store.layout.folder(of: digest)))
    }

    @Test func aShelfThatSomebodyRemovedIsMadeAgain() async throws {
        let store = try Store()
        let digest = try await store.publish([7])
        try FileManager.default.removeItem(atPath: store.layout.blobs)
        try await store.publish([7])
        #expect(try await store.read(digest) == [7])
    }

    @Test func openFilesAreClosedWithTheirLastReference() async throws {
        let store = try Store()
        let digest = try await store.publish([1, 2, 3])
        var blob: (any StoredBlob)? = try await store.blobs.open(digest)
        let number = try #require(blob?.fileDescriptor)
        #expect(lseek(number, 0, SEEK_END) == 3)
        let path = "/proc/self/fd/\(number)"
        let before = try FileManager.default.destinationOfSymbolicLink(atPath: path)
        #expect(before == store.layout.data(of: digest))
        blob = nil
        // The thread that opened it may hold it for a moment longer.
        let start = ContinuousClock.now
        var after: String? = before
        while after == before, ContinuousClock.now - start < .seconds(30) {
            await Task.yield()
            after = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        }
        #expect(after != before)
    }
}
