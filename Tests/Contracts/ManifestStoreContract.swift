import FoundationEssentials
import OCI
package import Registry
import ServerKit
import Testing

/// What every `ManifestStore` promises.
///
/// A backend's tests call this once, with an empty store; blobs are linked through `BlobLinks` of the same
/// store.
package func checkManifestStoreContract(_ store: any ManifestStore & BlobLinks) async throws {
    try await checkPushes(store)
    try await checkRequirements(store)
    try await checkTags(store)
    try await checkRemovals(store)
    try await checkRests(store)
    try await checkLeading(store)
    try await checkReferrers(store)
    try await checkCatalogue(store)
    try await checkSummary(store)
}

/// An image whose config is linked in `repository`; another for each number.
private func image(
    _ number: Int, in repository: RepositoryName, of store: any ManifestStore & BlobLinks,
    subject: Digest? = nil, artifactType: String? = nil, annotations: [String: String] = [:]
) async throws -> Manifest {
    let config = Samples.digest(number)
    try await store.link(config, size: 2, in: repository) { true }
    return try Samples.image(
        config: config, subject: subject, artifactType: artifactType, annotations: annotations)
}

private func checkPushes(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("push/app")
    let push = try Samples.push(try await image(1, in: app, of: store), tags: ["v1", "latest"])
    #expect(try await store.manifest(push.digest, in: app) == nil, "nothing is there before it is pushed")
    #expect(try await store.put(push, in: app) == [], "nothing is missing")
    let stored = try await store.manifest(push.digest, in: app)
    #expect(stored?.bytes == push.manifest.bytes, "a manifest is kept byte for byte")
    #expect(stored?.mediaType == .imageManifest)
    #expect(stored?.digest == push.digest)
    for tag in push.tags {
        #expect(try await store.digest(of: tag, in: app) == push.digest, "its tags point to it")
    }
    #expect(try await store.digest(of: Samples.tag("v2"), in: app) == nil)
    let other = try Samples.repository("push/other")
    #expect(try await store.manifest(push.digest, in: other) == nil, "it is in its repository only")
    #expect(try await store.digest(of: push.tags[0], in: other) == nil)

    #expect(try await store.put(push, in: app) == [], "pushing again is not a failure")
    let next = try Samples.push(try await image(2, in: app, of: store), tags: ["latest"])
    #expect(try await store.put(next, in: app) == [])
    #expect(try await store.digest(of: Samples.tag("latest"), in: app) == next.digest, "a tag moves")
    #expect(try await store.digest(of: Samples.tag("v1"), in: app) == push.digest, "the others stay")
}

private func checkRequirements(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("require/app")
    let (config, layer, held) = (Samples.digest(10), Samples.digest(11), Samples.digest(12))
    let manifest = try Samples.image(config: config, layers: [held, layer])
    let push = try Samples.push(manifest, tags: ["v1"])
    #expect(try await store.put(push, in: app) == [config, held, layer], "a new repository holds nothing")
    try await store.link(held, size: 2, in: app) { true }
    #expect(try await store.put(push, in: app) == [config, layer], "what is missing is told in order")
    #expect(try await store.manifest(push.digest, in: app) == nil, "and then nothing is stored")
    #expect(try await store.digest(of: Samples.tag("v1"), in: app) == nil)

    let index = try Samples.push(Samples.index(of: [push.digest]), tags: ["all"])
    #expect(try await store.put(index, in: app) == [push.digest], "an index needs its manifests")
    for digest in [config, layer] { try await store.link(digest, size: 2, in: app) { true } }
    #expect(try await store.put(push, in: app) == [])
    #expect(try await store.put(index, in: app) == [])

    let elsewhere = try Samples.repository("require/other")
    try await store.link(config, size: 2, in: elsewhere) { true }
    #expect(
        try await store.put(push, in: elsewhere) == [held, layer],
        "what another repository holds does not count")
}

private func checkTags(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("tags/app")
    #expect(try await store.tags(in: app, after: nil, limit: 9) == nil, "an unknown repository has no list")
    let names = ["0", "A", "Z", "_", "a", "a-1", "a.1", "b"]
    let manifest = try await image(20, in: app, of: store)
    #expect(try await store.tags(in: app, after: nil, limit: 9) == [], "one without tags has an empty list")
    _ = try await store.put(Samples.push(manifest, tags: names.reversed()), in: app)

    let sorted = ["0", "A", "Z", "_", "a", "a-1", "a.1", "b"]
    func page(_ last: String?, _ limit: Int) async throws -> [String]? {
        try await store.tags(in: app, after: last.map { try Tag($0) }, limit: limit)?.map(\.text)
    }
    #expect(try await page(nil, 100) == sorted, "tags are listed in byte order")
    #expect(try await page(nil, 3) == ["0", "A", "Z"], "a page has at most as many as asked for")
    #expect(try await page("Z", 3) == ["_", "a", "a-1"], "the next goes on behind the last")
    #expect(try await page("a-0", 1) == ["a-1"], "also behind a tag that is not there")
    #expect(try await page("b", 3) == [], "and ends")
    #expect(try await page(nil, 0) == [], "an empty page is empty")
}

private func checkRemovals(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("remove/app")
    let push = try Samples.push(try await image(30, in: app, of: store), tags: ["c", "a", "b"])
    let other = try Samples.push(try await image(31, in: app, of: store), tags: ["other"])
    #expect(
        try await store.remove(push.digest, in: app, by: "bob") == nil, "what is not there is not removed")
    _ = try await store.put(push, in: app)
    _ = try await store.put(other, in: app)

    #expect(try await store.remove(Samples.tag("c"), in: app, by: "bob"), "a tag is removed")
    #expect(try await !store.remove(Samples.tag("c"), in: app, by: "bob"), "but once")
    #expect(try await store.manifest(push.digest, in: app) != nil, "its manifest stays")
    let removed = try await store.remove(push.digest, in: app, by: "bob")
    #expect(removed?.map(\.text) == ["a", "b"], "a manifest takes its tags along")
    #expect(try await store.remove(push.digest, in: app, by: "bob") == nil)
    #expect(try await store.manifest(push.digest, in: app) == nil)
    #expect(try await store.tags(in: app, after: nil, limit: 9)?.map(\.text) == ["other"], "and no others")

    #expect(try await store.removeRepository(app, by: "bob"), "a repository is removed")
    #expect(try await !store.removeRepository(app, by: "bob"), "but once")
    #expect(try await store.tags(in: app, after: nil, limit: 9) == nil)
    #expect(try await store.manifest(other.digest, in: app) == nil, "with its manifests")
    #expect(try await store.size(of: Samples.digest(30), in: app) == nil, "and its links")
    #expect(
        try await store.repositories(holding: Samples.digest(30), limit: 9) == [], "which nobody can name")
    #expect(try await store.mount(Samples.digest(30), from: app, in: app) == nil)
    let collected = try await store.collect(unheldSince: .distantFuture, limit: 99) { _ in }
    #expect(collected == [:], "but are kept, so that all of it can be restored")
    try await store.link(Samples.digest(31), size: 2, in: app) { true }
    #expect(try await store.tags(in: app, after: nil, limit: 9) == [], "the name is free for another")
}

private func checkRests(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("rest/app")
    let first = try Samples.push(try await image(35, in: app, of: store), tags: ["v1", "latest"])
    let second = try Samples.push(try await image(36, in: app, of: store), tags: ["latest"])
    let untagged = try Samples.push(try await image(37, in: app, of: store))
    func rests(_ push: ManifestPush) async throws -> Bool {
        let manifest = try #require(try await store.manifest(push.digest, in: app))
        return manifest.restsSince != nil
    }
    for push in [first, second, untagged] { _ = try await store.put(push, in: app) }
    #expect(try await store.blob(Samples.digest(35), in: app)?.restsSince == nil, "its manifest needs a blob")
    #expect(try await !rests(first), "what a tag points to does not rest")
    #expect(try await !rests(second))
    #expect(try await rests(untagged), "what none points to does")
    _ = try await store.remove(Samples.tag("v1"), in: app, by: "bob")
    #expect(try await rests(first), "and from when the last went")
    _ = try await store.put(Samples.push(untagged.manifest, tags: ["latest"]), in: app)
    #expect(try await rests(second), "or moved away")
    #expect(try await !rests(untagged))
    _ = try await store.put(Samples.push(untagged.manifest), in: app)
    #expect(try await !rests(untagged), "pushing it without one takes none away")
    _ = try await store.remove(first.digest, in: app, by: "bob")
    #expect(
        try await store.blob(Samples.digest(35), in: app)?.restsSince != nil, "a blob rests without manifest")
    _ = try await store.put(first, in: app)
    #expect(try await store.blob(Samples.digest(35), in: app)?.restsSince == nil, "until there is one again")
}

private func checkLeading(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("leading/app")
    let inner = try Samples.push(try await image(40, in: app, of: store), tags: ["direct"])
    let alone = try Samples.push(try await image(41, in: app, of: store))
    let index = try Samples.push(Samples.index(of: [inner.digest, alone.digest]), tags: ["multi", "all"])
    let outer = try Samples.push(Samples.index(of: [index.digest]), tags: ["outer"])
    let signature = try Samples.push(
        try await image(42, in: app, of: store, subject: inner.digest), tags: ["signature"])
    for push in [inner, alone, index, outer, signature] { _ = try await store.put(push, in: app) }

    func leading(_ push: ManifestPush, _ repository: RepositoryName) async throws -> [String] {
        try await store.tags(leadingTo: push.digest, in: repository).map(\.text)
    }
    #expect(
        try await leading(inner, app) == ["all", "direct", "multi", "outer"], "directly and through indexes")
    #expect(try await leading(alone, app) == ["all", "multi", "outer"], "through indexes alone")
    #expect(try await leading(outer, app) == ["outer"])
    #expect(try await leading(signature, app) == ["signature"], "a subject is not a way down")
    #expect(try await leading(inner, Samples.repository("leading/other")) == [], "in its repository only")
}

private func checkReferrers(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("refer/app")
    let subject = Samples.digest(50)
    var expected: [Descriptor] = []
    for number in 51..<57 {
        let type = number.isMultiple(of: 2) ? "application/x-even" : "application/x-odd"
        let push = try Samples.push(
            try await image(
                number, in: app, of: store, subject: subject, artifactType: type,
                annotations: ["number": "\(number)", "path": "a/b"]))
        _ = try await store.put(push, in: app)
        expected.append(
            Descriptor(
                mediaType: .imageManifest, digest: push.digest, size: Int64(push.manifest.bytes.count),
                artifactType: MediaType(type), annotations: push.manifest.annotations))
    }
    expected.sort { $0.digest.description < $1.digest.description }
    func referrers(_ type: String? = nil, after last: Digest? = nil, limit: Int = 99) async throws
        -> [Descriptor]
    {
        try await store.referrers(
            of: subject, in: app, artifactType: type.map { MediaType($0) }, after: last, limit: limit)
    }
    #expect(try await referrers() == expected, "all that name the subject, in order of their digests")
    let even = expected.filter { $0.artifactType?.text == "application/x-even" }
    #expect(try await referrers("application/x-even") == even, "or those of one type")
    #expect(try await referrers("application/x-none") == [])
    #expect(try await referrers(limit: 2) == Array(expected[..<2]), "up to the limit")
    #expect(try await referrers(after: expected[1].digest, limit: 3) == Array(expected[2..<5]), "and on")
    #expect(try await referrers("application/x-even", after: even[0].digest) == Array(even[1...]))
    let other = try Samples.repository("refer/other")
    let elsewhere = try await store.referrers(of: subject, in: other, artifactType: nil, after: nil, limit: 9)
    #expect(elsewhere == [], "in its repository only")
}

private func checkCatalogue(_ store: any ManifestStore & BlobLinks) async throws {
    for name in ["list/c", "list/a", "list/b"] {
        let repository = try Samples.repository(name)
        _ = try await store.put(Samples.push(try await image(60, in: repository, of: store)), in: repository)
    }
    let linked = try Samples.repository("list/aa")
    try await store.link(Samples.digest(60), size: 2, in: linked) { true }
    func page(_ last: String?, _ limit: Int) async throws -> [String] {
        try await store.repositories(after: last.map { try RepositoryName($0) }, limit: limit).map(\.text)
    }
    #expect(
        try await page("list", 3) == ["list/a", "list/b", "list/c"], "those that have a manifest, in order")
    #expect(try await page("list/a", 1) == ["list/b"], "page by page")
    let all = try await page(nil, 1000)
    #expect(all == all.sorted() && all.contains("list/a") && !all.contains("list/aa"))
    let digest = try Samples.push(Samples.image(config: Samples.digest(60))).digest
    _ = try await store.remove(digest, in: Samples.repository("list/b"), by: "")
    #expect(try await page("list", 2) == ["list/a", "list/c"], "one without manifests is listed no more")
}

private func checkSummary(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("summary/app")
    #expect(try await store.summary(of: app) == nil, "there is none of an unknown repository")
    let first = try Samples.push(try await image(70, in: app, of: store), tags: ["a", "b"])
    _ = try await store.put(first, in: app)
    let later = Samples.date.addingTimeInterval(60)
    let second = try Samples.push(try await image(71, in: app, of: store), tags: ["b", "c"], at: later)
    _ = try await store.put(second, in: app)
    _ = try await store.put(second, in: app)
    let bytes = Int64(first.manifest.bytes.count + second.manifest.bytes.count)
    #expect(
        try await store.summary(of: app)
            == RepositorySummary(name: app, tagCount: 3, manifestCount: 2, size: bytes + 4, lastPush: later),
        "it counts what is there once")

    _ = try await store.remove(second.digest, in: app, by: "")
    _ = try await store.unlink(Samples.digest(71), in: app)
    #expect(
        try await store.summary(of: app)
            == RepositorySummary(
                name: app, tagCount: 1, manifestCount: 1, size: Int64(first.manifest.bytes.count) + 2,
                lastPush: later),
        "and no longer what was removed")
}
