import FoundationEssentials
import OCI
package import Registry
import ServerKit
import Testing

/// What every `AdoptionStore` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkAdoptionStoreContract(_ store: any AdoptionStore & ManifestStore) async throws {
    try await checkAdoptedManifests(store)
    try await checkAdoptedTags(store)
}

private func checkAdoptedManifests(_ store: any AdoptionStore & ManifestStore) async throws {
    let app = try Samples.repository("adopt/app")
    let subject = Samples.digest(7)
    let push = try Samples.push(Samples.image(config: Samples.digest(1), subject: subject))
    #expect(try await store.adopt(push, in: app), "it is new, though its config is not there")
    #expect(try await store.manifest(push.digest, in: app)?.bytes == push.manifest.bytes)
    #expect(try await store.repositories(after: nil, limit: 9) == [app], "the repository came with it")
    #expect(try await !store.adopt(push, in: app), "it is there")
    let later = Samples.date.addingTimeInterval(5)
    let index = try Samples.push(Samples.index(of: [Samples.digest(2)]), at: later)
    #expect(try await store.adopt(index, in: app))
    #expect(try await store.summary(of: app)?.lastPush == later)
    let old = try Samples.push(Samples.image(config: Samples.digest(3)), at: Samples.date)
    #expect(try await store.adopt(old, in: app))
    #expect(try await store.summary(of: app)?.lastPush == later, "what is older is not the last push")
    let referrers = try await store.referrers(
        of: subject, in: app, artifactType: nil, after: nil, limit: 9)
    #expect(referrers.map(\.digest) == [push.digest], "what refers to another is found by it")
}

private func checkAdoptedTags(_ store: any AdoptionStore & ManifestStore) async throws {
    let app = try Samples.repository("adopt/tags")
    let one = try Samples.push(Samples.image(config: Samples.digest(1)))
    let two = try Samples.push(Samples.image(config: Samples.digest(2)))
    func tag(_ name: String, at push: ManifestPush, after earlier: Digest...) throws -> AdoptedTag {
        AdoptedTag(
            try Tag(name), earlier: earlier.map { .init(digest: $0, date: Samples.date) },
            current: .init(digest: push.digest, date: Samples.date.addingTimeInterval(9)))
    }
    #expect(try await store.adopt(tag("v1", at: one), in: app) == .targetMissing, "not even a repository")
    #expect(try await store.adopt(one, in: app))
    #expect(try await store.adopt(tag("v1", at: two), in: app) == .targetMissing)
    #expect(try await store.digest(of: Tag("v1"), in: app) == nil)
    #expect(try await store.adopt(two, in: app))

    let moved = try tag("v1", at: two, after: one.digest, Samples.digest(99))
    #expect(try await store.adopt(moved, in: app) == .new, "also after what is not there any more")
    #expect(try await store.digest(of: Tag("v1"), in: app) == two.digest)
    #expect(try await store.adopt(moved, in: app) == .known)
    #expect(try await store.adopt(tag("v1", at: one), in: app) == .elsewhere(two.digest))
    #expect(try await store.digest(of: Tag("v1"), in: app) == two.digest, "it stays where it is")

    #expect(try await store.remove(Tag("v1"), in: app, by: "alice"))
    #expect(try await store.adopt(moved, in: app) == .removed)
    #expect(try await store.digest(of: Tag("v1"), in: app) == nil, "what was removed stays so")
}
