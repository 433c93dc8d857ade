import FoundationEssentials
import OCI
import Registry
import ServerKit
import Testing

/// What every `TagHistory` promises.
///
/// A backend's tests call this once, with a store whose clock is `clock`.
package func checkTagHistoryContract(_ store: any RegistryStore, _ clock: ContractClock) async throws {
    let yard = Yard(store: store, clock: clock, name: try Samples.repository("history/app"))
    try await checkLines(yard)
    try await checkRestoring(yard)
    try await checkRestoringWithParts(yard)
    try await checkWhatCannotBeRestored(yard)
    try await checkRestoringRepositories(yard)
    try await checkRestoringFromRemovedRepositories(yard)
}

extension Yard {
    func history(_ tag: String?, before last: TagMove.ID? = nil, limit: Int = 99) async throws -> [TagMove] {
        try await store.history(of: tag.map { try Samples.tag($0) }, in: name, before: last, limit: limit)
    }

    func restore(_ tag: String, _ digest: Digest) async throws -> TagRestoration {
        try await store.restore(Samples.tag(tag), to: digest, in: name, by: "carol")
    }

    func digest(_ tag: String) async throws -> Digest? {
        try await store.digest(of: Samples.tag(tag), in: name)
    }
}

private func checkLines(_ yard: Yard) async throws {
    #expect(try await yard.history(nil) == [], "what never was has no history")
    let first = try await yard.image(201, tags: ["latest", "v1"])
    yard.clock.advance(10)
    let second = try await yard.image(202, tags: ["latest"])
    yard.clock.advance(10)
    try await yard.untag("latest")
    _ = try await yard.store.remove(first.digest, in: yard.name, by: "bob")
    let lines = try await yard.history("latest")
    #expect(lines.map(\.kind) == [.removed, .pushed, .pushed], "the newest comes first")
    #expect(lines.map(\.from) == [second.digest, first.digest, nil])
    #expect(lines.map(\.to) == [nil, second.digest, first.digest])
    #expect(lines.map(\.account) == ["bob", "alice", "alice"])
    #expect(lines[0].date == yard.clock.now && lines[1].date == yard.clock.now.addingTimeInterval(-10))
    #expect(try await yard.history("v1").map(\.kind) == [.removed, .pushed])

    #expect(try await yard.store.removeRepository(yard.name, by: "dave"))
    let all = try await yard.history(nil)
    #expect(all.count == 6 && all[0].tag == nil && all[0].account == "dave", "histories outlive repositories")
    #expect(all.map(\.id) == all.map(\.id).sorted(by: >))
    #expect(try await yard.history("v1").first == all[0], "whose removal is part of each tag's")
    var pages: [TagMove] = []
    while true {
        let page = try await yard.history("latest", before: pages.last?.id, limit: 1)
        guard !page.isEmpty else { break }
        pages += page
    }
    #expect(try await pages == yard.history("latest"), "page by page")
    try await yard.clear()
}

private func checkRestoring(_ yard: Yard) async throws {
    let (first, second) = (
        try await yard.image(210, tags: ["latest"]), try await yard.image(211, tags: ["latest"])
    )
    #expect(try await yard.restore("latest", first.digest) == .restored, "an overwritten tag comes back")
    #expect(try await yard.digest("latest") == first.digest)
    let line = try #require(try await yard.history("latest").first)
    #expect(line.kind == .restored && line.account == "carol" && line.from == second.digest)
    #expect(try await yard.restore("latest", first.digest) == .unchanged)
    #expect(try await yard.history("latest").first == line, "what changes nothing has no line")

    try await yard.untag("latest")
    #expect(try await yard.restore("latest", first.digest) == .restored, "a removed tag comes back")
    _ = try await yard.store.remove(first.digest, in: yard.name, by: "bob")
    #expect(try await yard.store.unlink(Samples.digest(210), in: yard.name))
    yard.clock.advance(50)
    try await yard.collect(after: 60)
    #expect(try await yard.restore("old", first.digest) == .restored, "and one whose manifest was removed")
    #expect(try await yard.store.manifest(first.digest, in: yard.name)?.bytes == first.manifest.bytes)
    #expect(try await yard.store.manifest(first.digest, in: yard.name)?.restsSince == nil)
    #expect(try await yard.store.size(of: Samples.digest(210), in: yard.name) == 7, "with its blobs")
    #expect(try await yard.store.blob(Samples.digest(210), in: yard.name)?.restsSince == nil)
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60).manifests == 1, "what was restored is needed")
    #expect(try await yard.digest("old") == first.digest)
    #expect(try await yard.holds(first))
    #expect(try await !yard.holds(second))
    try await yard.clear()
}

private func checkRestoringWithParts(_ yard: Yard) async throws {
    let (first, second) = (try await yard.image(220), try await yard.image(221))
    let index = try await yard.index(first, second, tags: ["multi"])
    let signature = try await yard.image(222, subject: index)
    for push in [index, first] { _ = try await yard.store.remove(push.digest, in: yard.name, by: "bob") }
    #expect(try await yard.restore("multi", index.digest) == .restored)
    for push in [index, first, second, signature] {
        #expect(try await yard.holds(push), "an index comes back with what it lists")
    }
    #expect(try await yard.store.tags(leadingTo: first.digest, in: yard.name).map(\.text) == ["multi"])
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60).manifests == 0)

    _ = try await yard.store.remove(index.digest, in: yard.name, by: "bob")
    _ = try await yard.push(index.manifest, tags: ["again"])
    _ = try await yard.store.remove(index.digest, in: yard.name, by: "bob")
    #expect(
        try await yard.restore("again", index.digest) == .restored, "what was removed twice comes back once")
    try await yard.clear()
}

private func checkWhatCannotBeRestored(_ yard: Yard) async throws {
    #expect(try await yard.restore("v1", Samples.digest(1)) == .collected, "nothing comes of nothing")
    #expect(try await yard.store.summary(of: yard.name) == nil, "and no repository")
    let image = try await yard.image(230, tags: ["v1"])
    _ = try await yard.store.remove(image.digest, in: yard.name, by: "bob")
    yard.clock.advance(100)
    try await yard.collect(after: 60)
    #expect(try await yard.restore("v1", image.digest) == .collected, "what was collected is gone")

    let child = try await yard.image(231)
    let index = try await yard.index(child, tags: ["multi"])
    _ = try await yard.store.remove(child.digest, in: yard.name, by: "bob")
    yard.clock.advance(100)
    try await yard.collect(after: 60)
    _ = try await yard.store.remove(index.digest, in: yard.name, by: "bob")
    #expect(
        try await yard.restore("multi", index.digest) == .incomplete([child.digest]),
        "what lacks something stays away, and says what")
    #expect(try await yard.digest("multi") == nil)
    #expect(try await !yard.holds(index))
    try await yard.clear()
}

private func checkRestoringRepositories(_ yard: Yard) async throws {
    #expect(try await !yard.store.restoreRepository(yard.name, by: "carol"), "nothing was removed")
    let image = try await yard.image(240, tags: ["v1", "v2"])
    let before = try await yard.store.summary(of: yard.name)
    #expect(try await yard.store.removeRepository(yard.name, by: "bob"))
    #expect(try await yard.store.restoreRepository(yard.name, by: "carol"), "a repository comes back")
    #expect(try await yard.store.summary(of: yard.name) == before, "as it was")
    #expect(try await yard.digest("v2") == image.digest)
    #expect(try await yard.history("v1", limit: 3).map(\.kind) == [.restored, .removed, .pushed])
    #expect(try await !yard.store.restoreRepository(yard.name, by: "carol"), "but once")

    #expect(try await yard.store.removeRepository(yard.name, by: "bob"))
    _ = try await yard.image(241, tags: ["v1"])
    await expect(.conflict, "two cannot have one name") {
        _ = try await yard.store.restoreRepository(yard.name, by: "carol")
    }
    #expect(try await yard.store.removeRepository(yard.name, by: "bob"))
    #expect(try await yard.store.restoreRepository(yard.name, by: "carol"))
    #expect(try await yard.digest("v2") == nil, "the one that was removed last comes back")
    try await yard.clear()
    yard.clock.advance(1)
    try await yard.collect()
}

private func checkRestoringFromRemovedRepositories(_ yard: Yard) async throws {
    let image = try await yard.image(250)
    let index = try await yard.index(image, tags: ["multi", "other"])
    let signature = try await yard.image(251, subject: index)
    #expect(try await yard.store.removeRepository(yard.name, by: "bob"))
    let newer = try await yard.image(252, tags: ["v1"])
    #expect(try await yard.restore("multi", index.digest) == .restored, "one tag of a repository comes back")
    for push in [image, index, signature, newer] {
        #expect(try await yard.holds(push), "with all that belongs to it, beside what is new")
    }
    #expect(try await yard.store.tags(in: yard.name, after: nil, limit: 9)?.map(\.text) == ["multi", "v1"])
    let summary = try #require(try await yard.store.summary(of: yard.name))
    #expect(summary.manifestCount == 4 && summary.tagCount == 2)
    yard.clock.advance(100)
    #expect(try await yard.collect(after: 60).manifests == 0, "nothing is left that could be lost")
    #expect(try await yard.restore("other", index.digest) == .restored)
    try await yard.clear()
}
