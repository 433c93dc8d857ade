import Contracts
import Foundation
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@testable import FileBlobs

/// The data folder of Docker's registry, taken over whole, broken, and in two goes.
@Suite(.timeLimit(.minutes(2))) struct AdoptionTests {
    private let old: OldRegistry
    private let new: Store
    private let rows = InMemoryRegistry()
    private let threads = BlockingThreads(count: 4, queueMax: 1000)

    init() throws {
        old = try OldRegistry()
        new = try Store()
    }

    private func adopt(verifies: Bool = false, rehearses: Bool = false, copies: Bool = false) async throws
        -> AdoptionReport
    {
        var options = Adoption.Options()
        options.verifiesBlobs = verifies
        options.isRehearsal = rehearses
        let source = try DistributionFolder(
            root: old.root, target: new.folder.path, isRehearsal: rehearses, threads: threads)
        let destination = Adoption.Destination(links: rows, manifests: rows, adoptions: rows)
        let copy = BlobCopy(blobs: new.blobs, links: rows, ledger: rows) { Samples.date }
        return try await Adoption(
            of: source, to: destination, options: options, copying: copies ? copy : nil
        ).run()
    }

    private func reasons(_ report: AdoptionReport) -> [String] {
        report.omissions.map { "\($0.kind) \($0.repository) \($0.name): \($0.reason)" }
    }

    private func digest(of tag: String, in repository: String) async throws -> Digest? {
        try await rows.digest(of: Tag(tag), in: RepositoryName(repository))
    }

    @Test(arguments: [false, true])
    func everythingIsTakenOverOnce(_ copies: Bool) async throws {
        let app = try old.addImage(1, to: "team/app", tag: "v1")
        let inner = try old.addImage(2, to: "team/app/inner", tag: "v1")
        let empty = try old.addBlob([], to: "team/app")
        let report = try await adopt(copies: copies)
        #expect(report.omissions.isEmpty && report.incomplete.isEmpty, "\(reasons(report))")
        #expect(report.repositories == 2 && report.manifests.new == 2 && report.tags.new == 2)
        #expect(report.blobs.new == 5)
        #expect(try await digest(of: "v1", in: "team/app") == app)
        #expect(try await digest(of: "v1", in: "team/app/inner") == inner)
        #expect(try await rows.size(of: empty, in: RepositoryName("team/app")) == 0)
        let layer = Samples.digest(of: Samples.bytes(1001, seed: 1))
        #expect(try await new.read(layer) == Samples.bytes(1001, seed: 1))
        let names = try Disk.facts(at: new.layout.data(of: layer))?.names
        #expect(names == (copies ? 1 : 2), "one file with two names, or a copy")
        #expect(try await new.blobs.uploads() == [], "nothing is left behind")

        let again = try await adopt(copies: copies)
        #expect(again.blobs.new == 0 && again.manifests.new == 0 && again.tags.new == 0)
        #expect(again.blobs.known == 5 && again.manifests.known == 2 && again.tags.known == 2)
        #expect(again.bytes == 0)
    }

    @Test func whatIsBrokenIsLeftOutAndSaidWhy() async throws {
        let good = try old.addImage(1, to: "app", tag: "good")
        let dangling = try old.addImage(2, to: "app", tag: "dangling")
        try FileManager.default.removeItem(atPath: old.path(of: dangling))
        let wrong = try old.addImage(3, to: "app", tag: "wrong")
        try old.write("{}", to: old.path(of: wrong))
        let first = Array(#"{"schemaVersion":1,"name":"app","tag":"x","fsLayers":[]}"#.utf8)
        try old.addManifest(first, to: "app", tag: "schema1")
        try old.addManifest(Array("not JSON".utf8), to: "app")
        let cut = try old.addBlob(Array("cut".utf8), to: "app")
        try old.write("", to: "app/_layers/sha256/\(cut.hex)/link")
        let other = try old.addBlob(Array("other".utf8), to: "app")
        try old.link(good, "app/_layers/sha256/\(other.hex)/link")
        let hollow = try old.addBlob(Array("hollow".utf8), to: "app")
        try old.write("", to: old.path(of: hollow))
        try old.write("nonsense", to: "app/_manifests/tags/nonsense/current/link")
        try old.write("", to: "app/_manifests/tags/empty/current/link")
        try old.link(good, "app/_manifests/tags/-bad-/current/link")
        try old.link(good, "Shouting/_manifests/revisions/sha256/\(good.hex)/link")
        try old.write("x", to: "app/_uploads/1234/data")
        try old.write("x", to: "stray")
        let report = try await adopt()
        let said = reasons(report)
        for words in [
            "manifest app \(dangling): its bytes are not there",
            "tag app dangling: it points to \(dangling), which was not taken over",
            "manifest app \(wrong): its bytes have the digest \(Samples.digest(of: Array("{}".utf8)))",
            "manifest app \(Samples.digest(of: first)): Docker's schema 1",
            "manifest app \(Samples.digest(of: Array("not JSON".utf8))): the manifest is not JSON",
            "blob app \(cut): its link is empty", "blob app \(other): its link leads to \(good)",
            "blob app \(hollow): its file is empty", "tag app nonsense: its link holds no digest",
            "tag app empty: its link is empty", "tag app -bad-: a tag is",
            "repository Shouting : a repository name is", "upload app : 1 unfinished",
            "repository stray : it is no folder",
        ] {
            #expect(said.contains { $0.hasPrefix(words) }, "\(words) is not among \(said)")
        }
        #expect(try await digest(of: "good", in: "app") == good)
        #expect(report.tags.new == 1 && report.manifests.new == 1)
        #expect(try await adopt().blobs.new == 0, "what is here is not taken again")
    }

    @Test func whatDeletingLeavesBehindIsNothing() async throws {
        let gone = try old.addImage(1, to: "app")
        let base = "\(old.root)/docker/registry/v2/repositories/app"
        try FileManager.default.removeItem(
            atPath: "\(base)/_manifests/revisions/sha256/\(gone.hex)/link")
        try old.write("x", to: "app/_layers/sha256/\(gone.hex)/link.1234.tmp")
        let report = try await adopt()
        #expect(report.manifests.new == 0 && report.omissions.isEmpty, "\(reasons(report))")
    }

    @Test func aManifestThatWasNotWholeThereIsTakenAndSaidSo() async throws {
        let image = try Samples.image(config: Samples.digest(70), layers: [Samples.digest(71)])
        let digest = try old.addManifest(image.bytes, to: "app", tag: "v1")
        let index = try old.addManifest(
            Samples.index(of: [digest, Samples.digest(72)]).bytes, to: "app", tag: "all")
        let report = try await adopt()
        #expect(report.manifests.new == 2 && report.tags.new == 2)
        #expect(Set(report.incomplete.map(\.name)) == [digest.description, index.description])
        #expect(try await rows.digest(of: Tag("all"), in: RepositoryName("app")) == index)
    }

    @Test func theHistoryOfATagIsInTheOrderOfItsFiles() async throws {
        let images = try (1...3).map { try old.addImage($0, to: "app") }
        for (image, second) in zip(images, [20.0, 10.0, 5.0]) {
            try old.point("v1", at: image, in: "app")
            try old.age("app/_manifests/tags/v1/index/sha256/\(image.hex)/link", second)
        }
        try old.age("app/_manifests/tags/v1/current/link", 30)
        let source = try DistributionFolder(
            root: old.root, target: new.folder.path, isRehearsal: true, threads: threads)
        let tag = try #require(try await source.contents(of: RepositoryName("app")).tags.first)
        #expect(tag.earlier.map(\.digest) == [images[1], images[0]], "the current one is not among them")
        #expect(tag.earlier.map { $0.date.timeIntervalSince(Samples.date) } == [10, 20])
        #expect(tag.current.digest == images[2])
        #expect(tag.current.date == Samples.date.addingTimeInterval(30))
    }

    @Test func onlyVerifyingFindsBytesThatWereChanged() async throws {
        try old.addImage(1, to: "app", tag: "v1")
        let layer = Samples.digest(of: Samples.bytes(1001, seed: 1))
        try old.write(Samples.bytes(1001, seed: 2), to: old.path(of: layer))
        let report = try await adopt(verifies: true)
        #expect(reasons(report).contains { $0.hasPrefix("blob app \(layer): its bytes have the digest") })
        #expect(try await new.blobs.size(of: layer) == nil, "they are not in the store")
        #expect(report.incomplete.count == 1)
        let copied = try await adopt(copies: true)
        #expect(copied.blobs.new == 0, "what is copied is always verified")
    }

    @Test func bytesUnderTheSameNameStayAsTheyAre() async throws {
        try old.addImage(1, to: "app", tag: "v1")
        let layer = Samples.digest(of: Samples.bytes(1001, seed: 1))
        let there = new.layout.data(of: layer)
        try old.write("shorter", to: there)
        let report = try await adopt()
        #expect(reasons(report).contains { $0.contains("has 7 bytes") }, "\(reasons(report))")
        #expect(FileManager.default.contents(atPath: there) == Data("shorter".utf8))
    }

    @Test func aRehearsalChangesNothing() async throws {
        try old.addImage(1, to: "app", tag: "v1")
        let report = try await adopt(rehearses: true)
        #expect(report.blobs.new == 2 && report.manifests.new == 1 && report.tags.new == 1)
        #expect(try await new.blobs.digests(after: nil, limit: 10) == [])
        #expect(try await rows.repositories(after: nil, limit: 10) == [])
    }

    @Test func whatWasCutOffIsGoneOnWith() async throws {
        for number in 1...20 { try old.addImage(number, to: "app/\(number)", tag: "v1") }
        let source = try DistributionFolder(
            root: old.root, target: new.folder.path, isRehearsal: false, threads: threads)
        let destination = Adoption.Destination(links: rows, manifests: rows, adoptions: rows)
        let adoption = Adoption(of: source, to: destination)
        await #expect(throws: StoreError.self) {
            try await adoption.run { done, _ in
                if done == 7 { rows.fail(with: StoreError(.full, "the disk is full")) }
            }
        }
        rows.fail(with: nil)
        #expect(try await rows.repositories(after: nil, limit: 100).count == 7)
        let report = try await adopt()
        #expect(report.tags.known == 7 && report.tags.new == 13 && report.omissions.isEmpty)
        #expect(report.blobs.known == 14 && report.blobs.new == 26)
    }

    @Test func aFolderIsTakenOverInItsPlace() async throws {
        let image = try old.addImage(1, to: "app", tag: "v1")
        let source = try DistributionFolder(
            root: old.root, target: old.root, isRehearsal: false, threads: threads)
        let destination = Adoption.Destination(links: rows, manifests: rows, adoptions: rows)
        let report = try await Adoption(of: source, to: destination).run()
        #expect(report.omissions.isEmpty && report.blobs.new == 2, "\(reasons(report))")
        #expect(try await digest(of: "v1", in: "app") == image)
        let layer = Samples.digest(of: Samples.bytes(1001, seed: 1))
        #expect(try Disk.facts(at: old.path(of: layer))?.names == 1)
    }

    @Test func aSymbolicLinkLeadsNowhere() async throws {
        try old.addImage(1, to: "app", tag: "v1")
        let layer = Samples.digest(of: Samples.bytes(1001, seed: 1))
        let files = FileManager.default
        try files.removeItem(atPath: old.path(of: layer))
        try files.createSymbolicLink(atPath: old.path(of: layer), withDestinationPath: "/etc/hostname")
        let base = "\(old.root)/docker/registry/v2/repositories"
        try files.createSymbolicLink(atPath: "\(base)/linked", withDestinationPath: "\(base)/app")
        let report = try await adopt()
        #expect(reasons(report).contains { $0.hasPrefix("blob app \(layer)") && $0.contains("plain file") })
        #expect(reasons(report).contains("repository linked : it is a symbolic link"))
        #expect(try await new.blobs.size(of: layer) == nil)
    }
}
