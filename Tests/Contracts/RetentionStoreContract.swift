import Access
import FoundationEssentials
import OCI
package import Registry
import ServerKit
import Testing

/// What every `RetentionStore` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkRetentionStoreContract(_ store: any RetentionStore & ManifestStore & BlobLinks)
    async throws
{
    let app = try Samples.repository("retain/app")
    #expect(try await store.tagsByPush(in: app, after: nil, limit: 9) == [], "an unknown repository has none")
    try await store.link(Samples.digest(1), size: 2, in: app) { true }
    let manifest = try Samples.image(config: Samples.digest(1))
    func push(_ tags: [String], at seconds: Double) async throws {
        let push = try Samples.push(manifest, tags: tags, at: Samples.date.addingTimeInterval(seconds))
        _ = try await store.put(push, in: app)
    }
    try await push(["old", "again"], at: 0)
    try await push(["b", "a", "c"], at: 10)
    try await push(["again", "new"], at: 20)

    func page(after last: PushedTag?, _ limit: Int) async throws -> [PushedTag] {
        try await store.tagsByPush(in: app, after: last, limit: limit)
    }
    let all = try await page(after: nil, 99)
    #expect(all.map(\.tag.text) == ["new", "again", "c", "b", "a", "old"], "pushed last comes first")
    #expect(all[1].pushedAt == Samples.date.addingTimeInterval(20), "pushing again counts")
    #expect(all.allSatisfy { $0.digest == Samples.digest(of: manifest.bytes) })
    var paged: [PushedTag] = []
    repeat { paged += try await page(after: paged.last, 2) } while paged.count < all.count
    #expect(paged == all, "page by page, also between tags of the same moment")
    #expect(try await page(after: all.last, 2) == [], "and ends")

    try await checkRemovals(store, all, in: app)
}

private func checkRemovals(
    _ store: any RetentionStore & ManifestStore & BlobLinks, _ all: [PushedTag], in app: RepositoryName
) async throws {
    let (new, again, c, old) = (all[0], all[1], all[2], all[5])
    let elsewhere = PushedTag(tag: new.tag, digest: Samples.digest(9), pushedAt: new.pushedAt)
    let before = PushedTag(tag: again.tag, digest: again.digest, pushedAt: Samples.date)
    let unknown = PushedTag(tag: try Samples.tag("none"), digest: new.digest, pushedAt: new.pushedAt)
    let removed = try await store.remove(
        [old, elsewhere, before, unknown, c], in: app, by: "retention", under: .none)
    #expect(removed == [old.tag, c.tag], "only what still is as it was looked at goes")
    #expect(try await store.tags(in: app, after: nil, limit: 9)?.map(\.text) == ["a", "again", "b", "new"])
    #expect(try await store.manifest(new.digest, in: app) != nil, "manifests stay")
    let pinned = RepositoryConditions(immutableTags: [
        ImmutableTags(repositories: try Glob("**"), tags: try Glob("n*"))
    ])
    #expect(
        try await store.remove([new, again], in: app, by: "retention", under: pinned) == [again.tag],
        "a tag that is kept is left alone")
    #expect(try await store.remove([new], in: Samples.repository("no"), by: "", under: .none) == [])
}
