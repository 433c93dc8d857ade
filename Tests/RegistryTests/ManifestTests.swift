import Contracts
import NIOCore
import OCI
import Registry
import ServerKit
import Testing

@Suite struct ManifestPushTests {
    @Test func aManifestComesBackByteForByte() async throws {
        let bench = try Bench()
        let config = try await bench.pushBlob([1])
        let manifest = try Samples.image(config: config)
        let digest = try await bench.registry.push(manifest, as: .tag(Tag("v1")), in: bench.name, by: "alice")
        for reference in [Reference.tag(try Tag("v1")), .digest(digest)] {
            let pulled = try await bench.registry.manifest(reference, in: bench.name)
            #expect(pulled.body == ByteBuffer(bytes: manifest.bytes))
            #expect(pulled.mediaType == .imageManifest)
            #expect(pulled.digest == digest)
        }
    }

    @Test func aManifestIsRefusedUntilWhatItRefersToIsHere() async throws {
        let bench = try Bench()
        let held = try await bench.pushBlob([1])
        let (one, two) = (Samples.digest(1), Samples.digest(2))
        let manifest = try Samples.image(config: held, layers: [one, two], subject: Samples.digest(3))
        await #expect(throws: MissingReferences.self) {
            do {
                _ = try await bench.registry.push(manifest, as: .tag(Tag("v1")), in: bench.name, by: "alice")
            } catch let error as MissingReferences {
                #expect(error.digests == [one, two], "the subject may be missing")
                throw error
            }
        }
        await expect(.manifestUnknown) {
            _ = try await bench.registry.manifest(.tag(Tag("v1")), in: bench.name)
        }
    }

    @Test func aBlobOfAnotherRepositoryIsNotHere() async throws {
        let bench = try Bench()
        let secret = try await bench.pushBlob([1], in: try RepositoryName("secret"))
        await #expect(throws: MissingReferences.self) {
            _ = try await bench.registry.push(
                try Samples.image(config: secret), as: .tag(Tag("v1")), in: bench.name, by: "alice")
        }
        await expect(.blobUnknown) { _ = try await bench.registry.openBlob(secret, in: bench.name) }
        _ = try await bench.registry.blobSize(secret, in: try RepositoryName("secret"))
        await expect(.blobUnknown) { _ = try await bench.registry.blobSize(secret, in: bench.name) }
    }

    @Test func anIndexNeedsItsManifests() async throws {
        let bench = try Bench()
        let image = try await bench.pushImage("v1")
        let index = try Samples.index(of: [image, Samples.digest(1)])
        await #expect(throws: MissingReferences(digests: [Samples.digest(1)])) {
            _ = try await bench.registry.push(index, as: .tag(Tag("all")), in: bench.name, by: "alice")
        }
        let whole = try Samples.index(of: [image])
        _ = try await bench.registry.push(whole, as: .tag(Tag("all")), in: bench.name, by: "alice")
        #expect(try await bench.registry.tags(leadingTo: image, in: bench.name) == ["all", "v1"])
    }

    @Test func aPushByDigestMustHaveThatDigest() async throws {
        let bench = try Bench()
        let manifest = try Samples.image(config: try await bench.pushBlob([1]))
        await expect(.digestInvalid) {
            _ = try await bench.registry.push(
                manifest, as: .digest(Samples.digest(1)), in: bench.name, by: "alice")
        }
        let digest = Samples.digest(of: manifest.bytes, .sha512)
        #expect(
            try await bench.registry.push(manifest, as: .digest(digest), in: bench.name, by: "alice")
                == digest)
        #expect(try await bench.registry.manifest(.digest(digest), in: bench.name).digest == digest)
    }

    @Test func manyTagsAreSetAtOnceOrNone() async throws {
        let bench = try Bench(limits: RegistryLimits(tagsPerPush: 3))
        let manifest = try Samples.image(config: try await bench.pushBlob([1]))
        let digest = Samples.digest(of: manifest.bytes)
        let tags = try ["c", "a", "b", "d"].map { try Tag($0) }
        await #expect(throws: TooManyTags.self) {
            _ = try await bench.registry.push(
                manifest, as: .digest(digest), tags: tags, in: bench.name, by: "alice")
        }
        _ = try await bench.registry.push(
            manifest, as: .digest(digest), tags: Array(tags[..<3]), in: bench.name, by: "alice")
        let page = try await bench.registry.tags(in: bench.name, after: nil, limit: 10)
        #expect(page == Page(items: try ["a", "b", "c"].map { try Tag($0) }, hasMore: false))
    }
}

@Suite struct FreshnessTests {
    @Test func aMovedTagIsSeenAtOnce() async throws {
        let bench = try Bench()
        let tag = Reference.tag(try Tag("latest"))
        let first = try await bench.pushImage("latest")
        #expect(try await bench.registry.manifest(tag, in: bench.name).digest == first)
        let second = try await bench.pushImage("latest", config: "{ }")
        #expect(try await bench.registry.manifest(tag, in: bench.name).digest == second)
        try await bench.registry.remove(try Tag("latest"), in: bench.name, by: "alice")
        await expect(.manifestUnknown) { _ = try await bench.registry.manifest(tag, in: bench.name) }
        #expect(try await bench.registry.manifest(.digest(second), in: bench.name).digest == second)
    }

    @Test func aDeletedManifestTakesItsTagsAlong() async throws {
        let bench = try Bench()
        let digest = try await bench.pushImage("v1")
        _ = try await bench.pushImage("v2")
        _ = try await bench.registry.manifest(.tag(try Tag("v1")), in: bench.name)
        try await bench.registry.remove(manifest: digest, in: bench.name, by: "alice")
        for reference in ["v1", "v2", "\(digest)"] {
            await expect(.manifestUnknown) {
                _ = try await bench.registry.manifest(try Reference(reference[...]), in: bench.name)
            }
        }
        await expect(.manifestUnknown) {
            try await bench.registry.remove(manifest: digest, in: bench.name, by: "alice")
        }
        await expect(.manifestUnknown) {
            try await bench.registry.remove(try Tag("v1"), in: bench.name, by: "alice")
        }
    }

    @Test func aDeletedBlobIsGoneHereAndStaysElsewhere() async throws {
        let bench = try Bench()
        let other = try RepositoryName("other")
        let digest = try await bench.pushBlob([1])
        #expect(try await bench.registry.mount(digest, from: bench.name, in: other))
        #expect(try await bench.registry.blobSize(digest, in: bench.name) == 1)
        try await bench.registry.remove(blob: digest, in: bench.name, by: "alice")
        await expect(.blobUnknown) { _ = try await bench.registry.blobSize(digest, in: bench.name) }
        await expect(.blobUnknown) {
            try await bench.registry.remove(blob: digest, in: bench.name, by: "alice")
        }
        #expect(try await bench.registry.blobSize(digest, in: other) == 1)
    }

    @Test func aHotPullAsksNoStore() async throws {
        let bench = try Bench()
        let digest = try await bench.pushImage("v1")
        let blob = Samples.digest(of: Array("{}".utf8))
        func pull() async throws {
            _ = try await bench.registry.manifest(.tag(try Tag("v1")), in: bench.name)
            _ = try await bench.registry.tags(leadingTo: digest, in: bench.name)
            _ = try await bench.registry.blobSize(blob, in: bench.name)
        }
        try await pull()
        bench.store.fail(with: StoreError(.failed, "the store was asked"))
        try await pull()
        bench.clock.somebodyElseChangedSomething()
        await expect(.failed, "what somebody else may have changed is read anew") { try await pull() }
        bench.store.fail(with: nil)
        try await pull()
    }

    @Test func whatIsNotThereIsNotRemembered() async throws {
        let bench = try Bench()
        await expect(.manifestUnknown) {
            _ = try await bench.registry.manifest(.tag(try Tag("v1")), in: bench.name)
        }
        _ = try await bench.pushImage("v1")
        _ = try await bench.registry.manifest(.tag(try Tag("v1")), in: bench.name)
    }

    @Test func aRowWithoutBytesIsNoBlob() async throws {
        let bench = try Bench()
        let digest = try await bench.pushBlob([1])
        try await bench.blobs.remove(digest)
        await expect(.blobUnknown) { _ = try await bench.registry.openBlob(digest, in: bench.name) }
    }
}

@Suite struct DiscoveryTests {
    @Test func listsComeInPages() async throws {
        let bench = try Bench()
        for tag in ["a", "b", "c"] { try await bench.pushImage(tag) }
        let first = try await bench.registry.tags(in: bench.name, after: nil, limit: 2)
        #expect(first.items.map(\.text) == ["a", "b"])
        #expect(first.hasMore)
        let rest = try await bench.registry.tags(in: bench.name, after: first.items.last, limit: 2)
        #expect(rest.items.map(\.text) == ["c"])
        #expect(!rest.hasMore)
        let none = try await bench.registry.tags(in: bench.name, after: nil, limit: 0)
        #expect(none.items.isEmpty)
        await expect(.nameUnknown) {
            _ = try await bench.registry.tags(in: try RepositoryName("none"), after: nil, limit: 1)
        }
    }

    @Test func aPageOfRepositoriesIsFilledWithWhatIsVisible() async throws {
        let bench = try Bench()
        for number in 10..<30 { try await bench.pushImage("v1", in: try RepositoryName("r\(number)")) }
        let isEven: (RepositoryName) -> Bool = { Int($0.text.dropFirst()).map { $0 % 2 == 0 } ?? false }
        let page = try await bench.registry.repositories(after: nil, limit: 4, isVisible: isEven)
        #expect(page.items.map(\.text) == ["r10", "r12", "r14", "r16"])
        #expect(page.hasMore)
        let last = try await bench.registry.repositories(
            after: try RepositoryName("r24"), limit: 2, isVisible: isEven)
        #expect(last.items.map(\.text) == ["r26", "r28"])
        #expect(!last.hasMore, "only a hidden one follows, and nobody may know of it")
        let hidden = try await bench.registry.repositories(after: nil, limit: 4) { _ in false }
        #expect(hidden == Page(items: [], hasMore: false))
    }

    @Test func manyHiddenRepositoriesDoNotEndTheList() async throws {
        let bench = try Bench()
        for number in 1000..<1450 { try await bench.pushImage("v1", in: try RepositoryName("r\(number)")) }
        let page = try await bench.registry.repositories(after: nil, limit: 5) { $0.text == "r1449" }
        #expect(page.items.map(\.text) == ["r1449"])
    }

    @Test func aBlobIsMountedFromWhereItIsVisible() async throws {
        let bench = try Bench()
        let (secret, open) = (try RepositoryName("secret"), try RepositoryName("open"))
        let digest = try await bench.pushBlob([1], in: secret)
        let isOpen: (RepositoryName) -> Bool = { $0 == open }
        #expect(try await !bench.registry.mount(digest, fromAnyVisibleTo: isOpen, in: bench.name))
        #expect(try await !bench.registry.mount(digest, from: open, in: bench.name))
        try await bench.pushBlob([1], in: open)
        #expect(try await bench.registry.mount(digest, fromAnyVisibleTo: isOpen, in: bench.name))
        #expect(try await bench.registry.blobSize(digest, in: bench.name) == 1)
        #expect(
            try await bench.registry.mount(digest, fromAnyVisibleTo: { _ in false }, in: bench.name),
            "it is here already")
    }
}
