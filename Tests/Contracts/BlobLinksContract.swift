import FoundationEssentials
import OCI
package import Registry
import ServerKit
import Testing

/// What every `BlobLinks` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkBlobLinksContract(_ links: any BlobLinks) async throws {
    try await checkLinking(links)
    try await checkMounting(links)
    try await checkPresence(links)
    try await checkCollecting(links)
    try await checkFailedCollecting(links)
}

private let present: @Sendable () throws -> Bool = { true }

private func checkLinking(_ links: any BlobLinks) async throws {
    let (app, digest) = (try Samples.repository("link/app"), Samples.digest(1))
    #expect(try await links.size(of: digest, in: app) == nil, "an empty store holds nothing")
    #expect(try await !links.unlink(digest, in: app), "nothing can be taken out of it")
    #expect(try await links.missing([digest], in: app) == [digest], "everything is missing from it")

    try await links.link(digest, size: 7, in: app, isPresent: present)
    try await links.link(digest, size: 7, in: app, isPresent: present)
    #expect(try await links.size(of: digest, in: app) == 7, "what was linked is held, also when linked twice")
    #expect(try await links.blob(digest, in: app)?.restsSince != nil, "and rests while no manifest needs it")
    let asked = [Samples.digest(3), digest, Samples.digest(2)]
    #expect(
        try await links.missing(asked, in: app) == [Samples.digest(3), Samples.digest(2)],
        "what is missing is told in the order asked")
    let other = try Samples.repository("link/other")
    #expect(try await links.size(of: digest, in: other) == nil, "it is visible only where it is linked")

    #expect(try await links.unlink(digest, in: app), "it can be taken out")
    #expect(try await !links.unlink(digest, in: app), "but once")
    #expect(try await links.size(of: digest, in: app) == nil, "and then is no longer held")
}

private func checkMounting(_ links: any BlobLinks) async throws {
    let (source, target) = (try Samples.repository("mount/source"), try Samples.repository("mount/target"))
    let digest = Samples.digest(10)
    #expect(try await links.mount(digest, from: source, in: target) == nil, "what is not held is not mounted")
    try await links.link(digest, size: 9, in: source, isPresent: present)
    #expect(try await links.mount(digest, from: source, in: target) == 9, "a mount tells the size")
    #expect(try await links.mount(digest, from: source, in: target) == 9, "and can be repeated")
    #expect(try await links.unlink(digest, in: source))
    #expect(try await links.size(of: digest, in: target) == 9, "and outlives its source")

    try await links.link(digest, size: 9, in: source, isPresent: present)
    let holders = try await links.repositories(holding: digest, limit: 9)
    #expect(Set(holders) == [source, target], "all holders are found")
    #expect(try await links.repositories(holding: digest, limit: 1).count == 1, "up to the limit")
    #expect(try await links.repositories(holding: Samples.digest(11), limit: 9) == [])
    _ = try await links.unlink(digest, in: source)
    _ = try await links.unlink(digest, in: target)
}

private func checkPresence(_ links: any BlobLinks) async throws {
    let (app, digest) = (try Samples.repository("present/app"), Samples.digest(20))
    await expect(.missing, "a blob whose bytes are gone is not linked") {
        try await links.link(digest, size: 1, in: app, isPresent: { false })
    }
    await expect(.full, "a failure to look for the bytes is the caller's to see") {
        try await links.link(digest, size: 1, in: app, isPresent: { throw StoreError(.full, "no room") })
    }
    #expect(try await links.size(of: digest, in: app) == nil, "and then nothing was linked")
}

private func checkCollecting(_ links: any BlobLinks) async throws {
    let app = try Samples.repository("collect/app")
    let removed = Noted()
    while try await links.collect(unheldSince: .distantFuture, limit: 1000, remove: { _ in }) != [:] {}
    for number in 30..<34 {
        try await links.link(Samples.digest(number), size: 5, in: app, isPresent: present)
    }
    for number in 31..<34 { _ = try await links.unlink(Samples.digest(number), in: app) }
    let early = try await links.collect(unheldSince: .distantPast, limit: 9) { removed.note($0) }
    #expect(early == [:], "what has been let go of since is kept")
    let first = try await links.collect(unheldSince: .distantFuture, limit: 2) { removed.note($0) }
    #expect((1...2).contains(first.count), "up to the limit is collected, or fewer when that takes long")
    try await links.link(Samples.digest(33), size: 5, in: app, isPresent: present)
    try await links.link(Samples.digest(32), size: 5, in: app, isPresent: present)
    try await links.link(Samples.digest(31), size: 5, in: app, isPresent: present)
    let second = try await links.collect(unheldSince: .distantFuture, limit: 9) { removed.note($0) }
    #expect(second == [:], "what is held, or held again, is kept")
    #expect(Set(removed.all) == Set(first.keys), "the bytes of all that was forgotten are removed")
    #expect(first.values.allSatisfy { $0 == 5 }, "and their sizes are told")
    for number in 30..<34 { _ = try await links.unlink(Samples.digest(number), in: app) }
    while try await !links.collect(unheldSince: .distantFuture, limit: 9, remove: { _ in }).isEmpty {}
}

private func checkFailedCollecting(_ links: any BlobLinks) async throws {
    let (app, digest) = (try Samples.repository("collect/app"), Samples.digest(40))
    try await links.link(digest, size: 5, in: app, isPresent: present)
    _ = try await links.unlink(digest, in: app)
    await expect(.failed, "a failure to remove bytes is the caller's to see") {
        _ = try await links.collect(unheldSince: .distantFuture, limit: 9) { _ in
            throw StoreError(.failed, "the disk is broken")
        }
    }
    let again = try await links.collect(unheldSince: .distantFuture, limit: 9) { _ in }
    #expect(again == [digest: 5], "and what was not removed is found again")
}
