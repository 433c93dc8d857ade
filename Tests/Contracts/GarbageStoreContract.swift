import FoundationEssentials
import OCI
package import Registry
import ServerKit
import Testing

/// A store of a registry's facts, as the contracts of garbage and history need it.
package typealias RegistryStore = ManifestStore & BlobLinks & GarbageStore & TagHistory

/// What every `GarbageStore` promises.
///
/// A backend's tests call this once, with a store whose clock is `clock`. What is garbage in it goes.
package func checkGarbageStoreContract(_ store: any RegistryStore, _ clock: ContractClock) async throws {
    clock.advance(1_000_000)
    let yard = Yard(store: store, clock: clock, name: try Samples.repository("garbage/app"))
    _ = try await yard.collect()
    try await checkManifestsThatGo(yard)
    try await checkCircles(yard)
    try await checkUntagged(yard)
    try await checkBlobsThatGo(yard)
    try await checkUse(yard)
    try await checkLookingAgain(yard)
    try await checkTrash(yard)
    try await checkRemovedRepositories(yard)
    try await checkStrays(yard)
    try await checkTrimming(yard)
}

/// A repository, and short words for what the contract does to it.
struct Yard: Sendable {
    let store: any RegistryStore
    let clock: ContractClock
    let name: RepositoryName

    /// Pushes an image with a config of its own, which is another for each number.
    func image(_ number: Int, tags: [String] = [], subject: ManifestPush? = nil) async throws -> ManifestPush
    {
        let config = Samples.digest(number)
        try await store.link(config, size: 7, in: name) { true }
        return try await push(Samples.image(config: config, subject: subject?.digest), tags: tags)
    }

    func index(_ manifests: ManifestPush..., tags: [String] = []) async throws -> ManifestPush {
        try await push(Samples.index(of: manifests.map(\.digest)), tags: tags)
    }

    func push(_ manifest: Manifest, tags: [String] = []) async throws -> ManifestPush {
        let push = try Samples.push(manifest, tags: tags, at: clock.now)
        #expect(try await store.put(push, in: name) == [])
        return push
    }

    func untag(_ tag: String) async throws {
        #expect(try await store.remove(Samples.tag(tag), in: name, by: "bob"))
    }

    func holds(_ push: ManifestPush) async throws -> Bool {
        try await store.manifest(push.digest, in: name) != nil
    }

    /// The rule by which all goes that has rested for so many seconds.
    func rule(_ seconds: TimeInterval = 0, keepsUntagged: Bool = false) -> GarbageRule {
        GarbageRule(
            restingSince: clock.now.addingTimeInterval(-seconds), keepsUntagged: keepsUntagged)
    }

    /// Everything of a kind that is garbage, found page by page.
    func found(_ kind: GarbageKind, by rule: GarbageRule) async throws -> [Garbage] {
        var all: [Garbage] = []
        var mark: String?
        repeat {
            let page = try await store.garbage(of: kind, by: rule, after: mark, limit: 2)
            #expect(page.items.count <= 2, "a page has at most as many as asked for")
            all += page.items
            mark = page.next
        } while mark != nil
        #expect(Set(all.map(\.key)).count == all.count, "none is found twice")
        return all
    }

    /// Removes everything of a kind that is garbage.
    func remove(_ kind: GarbageKind, by rule: GarbageRule) async throws -> GarbageRemoval {
        var sum = GarbageRemoval()
        var rest = try await found(kind, by: rule)[...]
        while !rest.isEmpty {
            let removal = try await store.remove(Array(rest), of: kind, by: rule)
            #expect(removal.done <= rest.count)
            rest = rest.dropFirst(removal.done)
            sum.manifests += removal.manifests
            sum.repositories += removal.repositories
            sum.size += removal.size
        }
        return sum
    }

    /// A whole pass; returns what went of manifests, and of blobs.
    @discardableResult
    func collect(after seconds: TimeInterval = 0, keepsUntagged: Bool = false) async throws
        -> (manifests: Int, blobs: Set<Digest>)
    {
        let rule = rule(seconds, keepsUntagged: keepsUntagged)
        var manifests = try await remove(.manifests, by: rule).manifests
        manifests += try await remove(.repositories, by: rule).manifests
        _ = try await remove(.links, by: rule)
        let forecast = try await found(.blobs, by: rule).count
        var blobs: Set<Digest> = []
        while true {
            let some = try await store.collect(unheldSince: clock.now, limit: 3) { _ in }
            guard !some.isEmpty else { break }
            blobs.formUnion(some.keys)
        }
        #expect(blobs.count == forecast, "what no repository holds is foreseen")
        _ = try await remove(.repositories, by: rule)
        return (manifests, blobs)
    }

    /// Leaves nothing of the repository.
    func clear() async throws {
        _ = try await store.removeRepository(name, by: "")
        clock.advance(1)
        try await collect()
    }
}

private func checkManifestsThatGo(_ yard: Yard) async throws {
    let image = try await yard.image(1)
    let signature = try await yard.image(2, subject: image)
    let countersignature = try await yard.image(3, subject: signature)
    let index = try await yard.index(image, tags: ["multi"])
    let alone = try await yard.image(4)
    let tagged = try await yard.image(5, tags: ["v1"])
    let all = [image, signature, countersignature, index, alone, tagged]
    #expect(try await yard.found(.manifests, by: yard.rule(60)) == [], "what is fresh is no garbage")
    yard.clock.advance(100)
    let garbage = try await yard.found(.manifests, by: yard.rule(60))
    #expect(garbage.map(\.manifests) == [1] && garbage[0].size == Int64(alone.manifest.bytes.count))
    for push in all { #expect(try await yard.holds(push), "finding changes nothing") }

    #expect(try await yard.collect(after: 60).manifests == 1, "what nothing needs goes")
    for push in all { #expect(try await yard.holds(push) == (push.digest != alone.digest)) }

    try await yard.untag("multi")
    #expect(try await yard.collect(after: 60).manifests == 0, "when a tag goes, its manifest begins to rest")
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60).manifests == 4, "and then goes with all that lived by it")
    #expect(try await yard.holds(tagged))
    try await yard.clear()
}

/// A manifest can need itself by way of others, and still nobody needs it.
private func checkCircles(_ yard: Yard) async throws {
    let image = try await yard.image(10)
    let index = try await yard.index(image)
    let text =
        #"{"schemaVersion":2,"mediaType":"\#(MediaType.imageIndex)","manifests":[{"mediaType":"\#(MediaType.imageIndex)","#
        + #""digest":"\#(index.digest)","size":2}],"subject":{"mediaType":"\#(MediaType.imageManifest)","#
        + #""digest":"\#(image.digest)","size":2}}"#
    let report = try await yard.push(Manifest(Array(text.utf8), contentType: .imageIndex), tags: ["report"])
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60).manifests == 0, "a tag on one keeps all of them")
    try await yard.untag("report")
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60).manifests == 3, "without one they go")
    for push in [image, index, report] { #expect(try await !yard.holds(push)) }
    try await yard.clear()
}

private func checkUntagged(_ yard: Yard) async throws {
    let image = try await yard.image(20)
    let signature = try await yard.image(21, subject: image)
    let orphan = try await yard.push(
        Samples.image(config: Samples.digest(21), subject: Samples.digest(99)))
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60, keepsUntagged: true).manifests == 1)
    #expect(try await yard.holds(image), "those without a tag can be kept")
    #expect(try await yard.holds(signature), "and what refers to them")
    #expect(try await !yard.holds(orphan), "but not what refers to something that is not there")
    _ = try await yard.store.remove(image.digest, in: yard.name, by: "bob")
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60, keepsUntagged: true).manifests == 2, "nor what was removed")
    try await yard.clear()
}

private func checkBlobsThatGo(_ yard: Yard) async throws {
    let (shared, alone) = (Samples.digest(30), Samples.digest(31))
    for digest in [shared, alone] { try await yard.store.link(digest, size: 7, in: yard.name) { true } }
    let first = try await yard.push(Samples.image(config: shared, layers: [alone]))
    _ = try await yard.push(Samples.image(config: shared), tags: ["v1"])
    let unused = Samples.digest(32)
    try await yard.store.link(unused, size: 9, in: yard.name) { true }
    #expect(try await yard.collect(after: 60).blobs == [], "a blob waits for its manifest")
    yard.clock.advance(100)
    let forecast = try await yard.found(.blobs, by: yard.rule(60))
    #expect(forecast.map(\.size) == [9], "a dry run tells the bytes")
    #expect(try await yard.collect(after: 60).blobs == [unused], "and goes when none came")
    #expect(try await !yard.holds(first))
    #expect(
        try await yard.store.size(of: alone, in: yard.name) == 7,
        "those of a manifest that went stay, for somebody may just have been told that they are there")
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60).blobs == [alone], "until they have rested too")
    #expect(try await yard.store.size(of: shared, in: yard.name) == 7, "what another manifest needs stays")

    let other = try Samples.repository("garbage/other")
    try await yard.store.link(unused, size: 9, in: yard.name) { true }
    _ = try await yard.store.mount(unused, from: yard.name, in: other)
    yard.clock.advance(50)
    _ = try await yard.store.mount(unused, from: yard.name, in: other)
    yard.clock.advance(50)
    #expect(try await yard.collect(after: 60).blobs == [], "what another repository holds stays")
    #expect(try await yard.store.size(of: unused, in: yard.name) == nil)
    #expect(try await yard.store.size(of: unused, in: other) == 9, "mounting again is a use")
    yard.clock.advance(50)
    #expect(try await yard.collect(after: 60).blobs == [unused])
    #expect(try await yard.store.summary(of: other) == nil, "a repository that holds nothing is none")
    try await yard.clear()
}

private func checkUse(_ yard: Yard) async throws {
    let (store, blob) = (yard.store, Samples.digest(40))
    #expect(try await !store.noteUse(of: blob, in: yard.name), "what is not there cannot be used")
    try await store.link(blob, size: 7, in: yard.name) { true }
    let image = try await yard.image(41)
    yard.clock.advance(50)
    #expect(try await store.noteUse(of: blob, in: yard.name))
    #expect(try await store.noteUse(of: image.digest, in: yard.name))
    yard.clock.advance(50)
    let collected = try await yard.collect(after: 60)
    #expect(collected.blobs == [] && collected.manifests == 0, "what was used lately is fresh")
    #expect(try await store.blob(blob, in: yard.name)?.restsSince == yard.clock.now.addingTimeInterval(-50))
    let tagged = try await yard.image(42, tags: ["v1"])
    #expect(try await store.noteUse(of: tagged.digest, in: yard.name))
    let stored = try await store.manifest(tagged.digest, in: yard.name)
    #expect(stored != nil && stored?.restsSince == nil, "what is needed does not begin to rest by being used")
    try await yard.clear()
}

private func checkLookingAgain(_ yard: Yard) async throws {
    let (first, second) = (try await yard.image(50), try await yard.image(51))
    try await yard.store.link(Samples.digest(52), size: 7, in: yard.name) { true }
    yard.clock.advance(100)
    let rule = yard.rule(60)
    let manifests = try await yard.found(.manifests, by: rule)
    let links = try await yard.found(.links, by: rule)
    #expect(manifests.count == 2 && links.count == 1)
    _ = try await yard.push(first.manifest, tags: ["v1"])
    _ = try await yard.index(second, tags: ["multi"])
    _ = try await yard.push(Samples.image(config: Samples.digest(52)), tags: ["v2"])
    for (kind, items) in [(GarbageKind.manifests, manifests), (.links, links)] {
        let removal = try await yard.store.remove(items, of: kind, by: rule)
        #expect(removal.manifests == 0, "what is needed by now stays")
    }
    #expect(try await yard.holds(first))
    #expect(try await yard.holds(second))
    #expect(try await yard.store.size(of: Samples.digest(52), in: yard.name) == 7)

    let removed = try Samples.repository("garbage/again")
    try await yard.store.link(Samples.digest(53), size: 7, in: removed) { true }
    #expect(try await yard.store.removeRepository(removed, by: "bob"))
    yard.clock.advance(100)
    let repositories = try await yard.found(.repositories, by: yard.rule(60))
    #expect(repositories.count == 1)
    #expect(try await yard.store.restoreRepository(removed, by: "bob"))
    _ = try await yard.store.remove(repositories, of: .repositories, by: yard.rule(60))
    #expect(try await yard.store.size(of: Samples.digest(53), in: removed) == 7, "what was restored stays")
    #expect(try await yard.store.removeRepository(removed, by: "bob"))
    try await yard.clear()
}

private func checkTrash(_ yard: Yard) async throws {
    let (image, config) = (try await yard.image(60), Samples.digest(60))
    let index = try await yard.index(image, tags: ["multi"])
    yard.clock.advance(100)
    #expect(try await yard.store.remove(index.digest, in: yard.name, by: "bob")?.count == 1)
    #expect(try await !yard.holds(index), "what was removed is not there")
    let referrers = try await yard.store.referrers(
        of: image.digest, in: yard.name, artifactType: nil, after: nil, limit: 9)
    #expect(referrers == [])
    #expect(try await yard.store.tags(leadingTo: image.digest, in: yard.name) == [])
    #expect(try await yard.collect(after: 60).manifests == 0)
    #expect(try await yard.holds(image), "what it needs stays as long as it can be restored")
    _ = try await yard.store.remove(image.digest, in: yard.name, by: "bob")
    #expect(try await yard.store.unlink(config, in: yard.name))
    yard.clock.advance(50)
    #expect(try await yard.collect(after: 60).blobs == [], "its blobs too, whoever lets go of them")
    yard.clock.advance(50)
    let gone = try await yard.collect(after: 60)
    #expect(gone.manifests == 2 && gone.blobs == [config], "and then all goes")
    try await yard.clear()
}

private func checkRemovedRepositories(_ yard: Yard) async throws {
    let (image, shared) = (
        try await yard.image(70, tags: ["v1", "v2"]), try await yard.image(71, tags: ["v3"])
    )
    let other = try Samples.repository("garbage/other")
    _ = try await yard.store.mount(Samples.digest(71), from: yard.name, in: other)
    _ = try await yard.store.put(shared, in: other)
    #expect(try await yard.store.removeRepository(yard.name, by: "bob"))
    yard.clock.advance(50)
    #expect(try await yard.collect(after: 60).manifests == 0)
    _ = try await yard.image(72, tags: ["v1"])
    yard.clock.advance(50)
    let garbage = try await yard.found(.repositories, by: yard.rule(60))
    #expect(garbage.map(\.manifests) == [2], "a removed repository is found after its time")
    #expect(garbage.map(\.size) == [Int64(image.manifest.bytes.count + shared.manifest.bytes.count)])
    let gone = try await yard.collect(after: 60)
    #expect(gone.manifests == 2 && gone.blobs == [Samples.digest(70)], "and goes with all that only it held")
    #expect(try await yard.store.tags(in: yard.name, after: nil, limit: 9)?.map(\.text) == ["v1"])
    #expect(try await yard.store.manifest(shared.digest, in: other) != nil)
    #expect(try await !yard.store.restoreRepository(yard.name, by: "bob"), "and cannot be restored any more")
    _ = try await yard.store.removeRepository(other, by: "bob")
    try await yard.clear()
}

private func checkStrays(_ yard: Yard) async throws {
    let (known, unknown) = (Samples.digest(80), Samples.digest(81))
    try await yard.store.link(known, size: 7, in: yard.name) { true }
    let noted = Noted()
    let asked = [known, unknown]
    #expect(
        try await yard.store.strays(among: asked, remove: nil) == [unknown], "a stray is told from the others"
    )
    #expect(try await yard.store.strays(among: asked) { noted.note($0) } == [unknown])
    #expect(noted.all == [unknown], "and removed if asked for")
    await expect(.failed, "a failure to remove bytes is the caller's to see") {
        _ = try await yard.store.strays(among: asked) { _ in throw StoreError(.failed, "broken") }
    }
    try await yard.clear()
}

private func checkTrimming(_ yard: Yard) async throws {
    let store = yard.store
    while try await store.trimHistory(before: .distantFuture, countMax: 100, limit: 50) > 0 {}
    for number in 0..<5 {
        yard.clock.advance(10)
        _ = try await yard.image(90 + number, tags: ["latest"])
    }
    let moment = yard.clock.now.addingTimeInterval(-20)
    func count() async throws -> Int {
        try await store.history(of: nil, in: yard.name, before: nil, limit: 100).count
    }
    #expect(try await count() == 5)
    #expect(try await store.trimHistory(before: moment, countMax: 100, limit: 1) == 1, "up to the limit")
    #expect(try await store.trimHistory(before: moment, countMax: 100, limit: 9) == 1, "what is too old goes")
    #expect(try await store.trimHistory(before: moment, countMax: 2, limit: 9) == 1, "and what is too much")
    #expect(try await store.trimHistory(before: moment, countMax: 2, limit: 9) == 0)
    #expect(try await count() == 2)
    try await yard.clear()
}
