import Access
import OCI
package import Registry
import ServerKit
import Testing

/// What every `BlobLinks` and `ManifestStore` promise about conditions: they are kept by the change itself.
///
/// A backend's tests call this once, with an empty store.
package func checkConditionsContract(_ store: any ManifestStore & BlobLinks) async throws {
    try await checkRoom(store)
    try await checkRoomForManifests(store)
    try await checkRoomForMany(store)
    try await checkPins(store)
    try await checkKeptTags(store)
    try await checkKeptParts(store)
}

/// Expects a refusal of the operator's.
private func expectRefusal(
    _ promise: Comment, _ body: () async throws -> Void, matching isExpected: (PolicyRefusal) -> Bool
) async {
    do {
        try await body()
        Issue.record("nothing was refused: \(promise)")
    } catch let error as StoreError {
        #expect(error.kind == .refused, promise)
        let refusal = error.cause as? PolicyRefusal
        #expect(refusal.map(isExpected) == true, "\(promise): \(error)")
    } catch {
        Issue.record("\(error) was thrown: \(promise)")
    }
}

private func quota(_ pattern: String, _ limit: Int64) throws -> RepositoryConditions {
    RepositoryConditions(quotas: [Quota(repositories: try Glob(pattern), limit: limit)])
}

private func pins(_ tags: String, mayBeRemoved: Bool = false) throws -> RepositoryConditions {
    RepositoryConditions(immutableTags: [
        ImmutableTags(repositories: try Glob("**"), tags: try Glob(tags), mayBeRemoved: mayBeRemoved)
    ])
}

private func checkRoom(_ store: any ManifestStore & BlobLinks) async throws {
    let (one, two) = (try Samples.repository("room/one"), try Samples.repository("room/two/deep"))
    let beside = try Samples.repository("roomy")
    let all = try quota("room/**", 10)
    #expect(try await store.used(by: Glob("room/**")) == 0, "nothing is used of an empty store")
    try await store.link(Samples.digest(1), size: 6, in: one, under: all) { true }
    try await store.link(Samples.digest(1), size: 6, in: one, under: all) { true }
    await expectRefusal("what does not fit is not linked") {
        try await store.link(Samples.digest(2), size: 5, in: two, under: all) { true }
    } matching: {
        $0 == .overQuota(QuotaUse(quota: all.quotas[0], used: 6), needed: 5)
    }
    #expect(try await store.size(of: Samples.digest(2), in: two) == nil)
    try await store.link(Samples.digest(2), size: 4, in: two, under: all) { true }
    await expectRefusal("a mount counts like any blob") {
        _ = try await store.mount(Samples.digest(1), from: one, in: two, under: all)
    } matching: {
        $0 == .overQuota(QuotaUse(quota: all.quotas[0], used: 10), needed: 6)
    }
    #expect(
        try await store.mount(Samples.digest(1), from: one, in: one, under: all) == 6,
        "what is there already needs no room, even when there is none")
    try await store.link(Samples.digest(3), size: 100, in: beside) { true }

    for (pattern, sum) in [
        ("room/**", 10), ("room/*", 6), ("room/*/deep", 4), ("**", 110), ("room/one", 6), ("room**", 110),
        ("r??my", 100), ("none/**", 0),
    ] {
        #expect(try await store.used(by: Glob(pattern)) == Int64(sum), "\(pattern)")
    }
    #expect(try await store.unlink(Samples.digest(1), in: one))
    #expect(try await store.used(by: Glob("room/**")) == 4, "what is taken out counts no more")
    #expect(try await store.removeRepository(beside))
    #expect(try await store.used(by: Glob("**")) == 4, "and neither does what is removed whole")
    _ = try await store.removeRepository(one)
    _ = try await store.removeRepository(two)
}

private func checkRoomForManifests(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("room/manifests")
    try await store.link(Samples.digest(50), size: 2, in: app) { true }
    let push = try Samples.push(Samples.image(config: Samples.digest(50)), tags: ["v1"])
    let size = Int64(push.manifest.bytes.count)
    await expectRefusal("a manifest needs room") {
        _ = try await store.put(push, in: app, under: quota("room/*", size + 1))
    } matching: {
        if case .overQuota(_, needed: size) = $0 { true } else { false }
    }
    #expect(try await store.digest(of: Samples.tag("v1"), in: app) == nil, "and then no tag is set")
    #expect(try await store.put(push, in: app, under: quota("room/*", size + 2)) == [])
    let again = try Samples.push(push.manifest, tags: ["v2"])
    #expect(try await store.put(again, in: app, under: quota("room/*", 1)) == [], "but once")
    #expect(try await store.digest(of: Samples.tag("v2"), in: app) == push.digest)
    _ = try await store.removeRepository(app)
}

/// Many that come at once get in only as far as there is room.
private func checkRoomForMany(_ store: any ManifestStore & BlobLinks) async throws {
    let limit = try quota("many/**", 100)
    let linked = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<40 {
            let repository = try Samples.repository("many/r\(number % 4)")
            group.addTask {
                do throws(StoreError) {
                    try await store.link(Samples.digest(60 + number), size: 7, in: repository, under: limit) {
                        true
                    }
                    return true
                } catch {
                    guard error.kind == .refused else { throw error }
                    return false
                }
            }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(linked == 14, "as many as fit, and not one more")
    #expect(try await store.used(by: Glob("many/**")) == 98)
    for number in 0..<4 { _ = try await store.removeRepository(Samples.repository("many/r\(number)")) }
}

private func checkPins(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("pin/app")
    for number in 1...2 { try await store.link(Samples.digest(number), size: 2, in: app) { true } }
    let first = try Samples.push(Samples.image(config: Samples.digest(1)), tags: ["v1", "latest"])
    #expect(try await store.put(first, in: app, under: pins("v*")) == [], "a new tag can be put anywhere")
    #expect(try await store.put(first, in: app, under: pins("v*")) == [], "and there again")

    let second = try Samples.push(Samples.image(config: Samples.digest(2)), tags: ["latest", "v2", "v1"])
    await expectRefusal("it moves no more, whatever other tags come with it") {
        _ = try await store.put(second, in: app, under: pins("v*"))
    } matching: {
        $0 == .tagIsPinned(second.tags[2], in: app, at: first.digest)
    }
    #expect(try await store.digest(of: Samples.tag("latest"), in: app) == first.digest, "none of them moves")
    #expect(try await store.digest(of: Samples.tag("v2"), in: app) == nil, "none is made")
    #expect(try await store.manifest(second.digest, in: app) == nil, "and nothing is stored")
    let free = try Samples.push(second.manifest, tags: ["latest", "v2"])
    #expect(try await store.put(free, in: app, under: pins("v*")) == [], "others move")
    #expect(try await store.digest(of: Samples.tag("latest"), in: app) == second.digest)
    _ = try await store.removeRepository(app)
}

private func checkKeptTags(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("keep/app")
    try await store.link(Samples.digest(1), size: 2, in: app) { true }
    let push = try Samples.push(Samples.image(config: Samples.digest(1)), tags: ["v1", "latest"])
    _ = try await store.put(push, in: app)
    let tag = try Samples.tag("v1")
    let kept: (PolicyRefusal) -> Bool = { $0 == .tagIsKept(tag, in: app) }
    await expectRefusal("a tag that is kept is not removed") {
        _ = try await store.remove(tag, in: app, by: "bob", under: pins("v*"))
    } matching: {
        kept($0)
    }
    await expectRefusal("and neither is its manifest") {
        _ = try await store.remove(push.digest, in: app, by: "bob", under: pins("v*"))
    } matching: {
        kept($0)
    }
    await expectRefusal("nor its repository") {
        _ = try await store.removeRepository(app, by: "bob", under: pins("v*"))
    } matching: {
        kept($0)
    }
    #expect(try await store.tags(in: app, after: nil, limit: 9)?.map(\.text) == ["latest", "v1"])
    #expect(
        try await !store.remove(Samples.tag("v9"), in: app, by: "bob", under: pins("v*")),
        "a tag that is not there is not kept")
    #expect(try await store.remove(Samples.tag("latest"), in: app, by: "bob", under: pins("v*")))
    #expect(
        try await store.remove(tag, in: app, by: "bob", under: pins("v*", mayBeRemoved: true)),
        "one that only may not move can be removed")
    #expect(try await store.remove(push.digest, in: app, by: "bob", under: pins("v*")) == [])
    #expect(try await store.removeRepository(app, by: "bob", under: pins("v*")))
}

/// What a kept tag leads to stays with it.
private func checkKeptParts(_ store: any ManifestStore & BlobLinks) async throws {
    let app = try Samples.repository("keep/parts")
    for number in 1...3 { try await store.link(Samples.digest(number), size: 2, in: app) { true } }
    let image = try Samples.push(Samples.image(config: Samples.digest(1), layers: [Samples.digest(2)]))
    let index = try Samples.push(Samples.index(of: [image.digest]), tags: ["v1"])
    for push in [image, index] { _ = try await store.put(push, in: app) }
    let tag = try Samples.tag("v1")
    await expectRefusal("a manifest that its index lists is not removed") {
        _ = try await store.remove(image.digest, in: app, by: "bob", under: pins("v*"))
    } matching: {
        $0 == .tagIsKept(tag, in: app)
    }
    for number in 1...2 {
        await expectRefusal("a blob of that manifest is not taken out") {
            _ = try await store.unlink(Samples.digest(number), in: app, by: "bob", under: pins("v*"))
        } matching: {
            $0 == .tagIsKept(tag, in: app)
        }
    }
    #expect(
        try await store.unlink(Samples.digest(3), in: app, by: "bob", under: pins("v*")), "other blobs are")
    _ = try await store.removeRepository(app)
}
