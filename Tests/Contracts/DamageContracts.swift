import FoundationEssentials
import NIOCore
import OCI
package import Registry
import ServerKit
import Testing

/// A store of facts that knows what is damaged, with what is needed to fill it.
package typealias DamageStore = BlobLinks & CheckLedger & DamageLedger & ManifestStore

/// What every `DamageLedger` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkDamageLedgerContract(_ store: any DamageStore) async throws {
    try await checkDamagedBlob(store)
    try await checkDamagedManifest(store)
}

private let present: @Sendable () throws -> Bool = { true }

private func checkDamagedBlob(_ store: any DamageStore) async throws {
    let (app, other) = (try Samples.repository("damage/app"), try Samples.repository("damage/other"))
    let digest = Samples.digest(50)
    let damage = Damage(
        .blob(digest), .size, detail: "it is short", foundAt: Samples.date, keptAt: "/damaged/a")
    #expect(try await !store.note(damage, isStillSo: present), "what has no row cannot be damaged")
    #expect(try await store.damageCount() == 0)
    for repository in [app, other] {
        try await store.link(digest, size: 7, in: repository, isPresent: present)
    }
    let image = try Samples.image(config: digest)
    #expect(try await store.put(try Samples.push(image, tags: ["v2", "v1"]), in: app) == [])
    let index = try Samples.index(of: [Samples.digest(of: image.bytes)])
    #expect(try await store.put(try Samples.push(index, tags: ["all"]), in: app) == [])

    #expect(try await !store.note(damage, isStillSo: { false }), "what was mended meanwhile is not noted")
    #expect(try await store.note(damage, isStillSo: present), "what is damaged is noted")
    let again = Damage(.blob(digest), .missing, detail: "it is gone", foundAt: Samples.date)
    #expect(try await store.note(again, isStillSo: present), "also when it is known")
    #expect(try await store.damages(limit: 9) == [damage], "and stays as it was noted first")
    #expect(try await store.isDamaged(.blob(digest)))
    #expect(try await store.damageCount() == 1)
    let hits = try await store.hits(of: .blob(digest), limit: 9)
    let tags = try ["all", "v1", "v2"].map { try Samples.tag($0) }
    let wanted = [DamageHit(repository: app, tags: tags), DamageHit(repository: other, tags: [])]
    #expect(hits == wanted, "the repositories that miss it are found, with the tags that lead to it")

    #expect(try await store.size(of: digest, in: app) == nil, "it counts as not held")
    #expect(try await store.missing([digest], in: app) == [digest])
    #expect(try await store.mount(digest, from: other, in: app) == nil, "it cannot be mounted")
    let push = try Samples.push(try Samples.image(config: digest, annotations: ["a": "b"]))
    #expect(try await store.put(push, in: app) == [digest], "nor can a push rely on it")

    try await store.link(digest, size: 7, in: other, isPresent: present)
    #expect(try await store.size(of: digest, in: app) == 7, "one push mends it for everybody")
    #expect(try await store.damages(limit: 9) == [])
    #expect(try await store.note(damage, isStillSo: present))
    #expect(try await store.forget(.blob(digest)), "and so does forgetting it")
    #expect(try await !store.forget(.blob(digest)), "but once")

    for repository in [app, other] { #expect(try await store.unlink(digest, in: repository)) }
    #expect(try await store.note(damage, isStillSo: present))
    _ = try await store.collect(unheldSince: .distantFuture, limit: 9) { _ in }
    #expect(try await store.damageCount() == 0, "what is collected is not damaged any more")
}

private func checkDamagedManifest(_ store: any DamageStore) async throws {
    let app = try Samples.repository("damage/manifests")
    let image = try Samples.index(of: [])
    let digest = Samples.digest(of: image.bytes)
    let damage = Damage(.manifest(digest, app), .digest, detail: "it differs", foundAt: Samples.date)
    #expect(try await !store.note(damage, isStillSo: present))
    #expect(try await store.put(try Samples.push(image, tags: ["v1"]), in: app) == [])
    #expect(try await store.note(damage, isStillSo: present))
    #expect(try await store.damages(limit: 9) == [damage])
    #expect(try await store.isDamaged(.manifest(digest, app)))
    #expect(try await !store.isDamaged(.blob(digest)), "a blob of the same digest is another thing")
    let hits = try await store.hits(of: damage.subject, limit: 9)
    let wanted = [DamageHit(repository: app, tags: [try Samples.tag("v1")])]
    #expect(hits == wanted)
    #expect(try await store.put(try Samples.push(image), in: app) == [])
    #expect(try await store.damageCount() == 0, "a push mends it")
    #expect(try await store.note(damage, isStillSo: present))
    _ = try await store.remove(digest, in: app, by: "alice")
    #expect(try await store.damageCount() == 0, "what is removed is not damaged any more")
}

/// What every `CheckLedger` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkCheckLedgerContract(_ store: any DamageStore) async throws {
    #expect(try await store.extent() == CheckExtent(blobs: 0, bytes: 0, manifests: 0))
    #expect(try await store.progress(of: "a") == nil, "no check has been made")
    var progress = CheckProgress(startedAt: Samples.date)
    progress.cursor = "x"
    try await store.save(progress, of: "a")
    progress.bytes = 5
    try await store.save(progress, of: "a")
    #expect(try await store.progress(of: "a") == progress, "the last that was saved is kept")
    #expect(try await store.progress(of: "b") == nil, "each check has its own")

    let app = try Samples.repository("check/app")
    let digests = (60..<67).map { Samples.digest($0, $0 % 3 == 0 ? .sha512 : .sha256) }
    for digest in digests { try await store.link(digest, size: 3, in: app, isPresent: present) }
    let images = try (0..<3).map { try Samples.image(config: digests[$0]) }
    for image in images { _ = try await store.put(try Samples.push(image), in: app) }
    #expect(try await store.extent() == CheckExtent(blobs: 7, bytes: 21, manifests: 3))
    #expect(
        try await store.unrecorded([Samples.digest(1), digests[0], Samples.digest(2)])
            == [Samples.digest(1), Samples.digest(2)])

    var walked: [BlobRecord] = []
    while case let page = try await store.blobRecords(after: walked.last?.digest, limit: 2), !page.isEmpty {
        walked += page
    }
    let sorted = digests.sorted { $0.description < $1.description }
    #expect(walked == sorted.map { BlobRecord(digest: $0, size: 3) }, "each blob once, in order")
    var manifests: [ManifestRecord] = []
    while case let page = try await store.manifestRecords(after: manifests.last?.position ?? 0, limit: 2),
        !page.isEmpty
    {
        manifests += page
    }
    #expect(Set(manifests.map(\.manifest.bytes)) == Set(images.map(\.bytes)), "each manifest once")
    #expect(manifests.count == 3 && manifests.allSatisfy { $0.repository == app })
    _ = try await store.remove(Samples.digest(of: images[0].bytes), in: app, by: "alice")
    let rest = try await store.manifestRecords(after: 0, limit: 9)
    #expect(rest.count == 2 && rest.allSatisfy { $0.repository == app }, "what was removed is passed by")
    #expect(try await store.extent().manifests == 2)
    _ = try await store.removeRepository(app, by: "")
}

/// What every `BlobQuarantine` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkBlobQuarantineContract(_ store: any BlobStore & BlobQuarantine) async throws {
    let bytes = Samples.bytes(100, seed: 9)
    let digest = Samples.digest(of: bytes)
    #expect(try await store.setAside(digest, opened: nil) == nil, "nothing cannot be set aside")
    #expect(try !store.isInPlace(digest, size: nil))
    func publish(_ number: UInt64) async throws {
        let upload = try await store.createUpload(Samples.uploadID(number), algorithm: .sha256)
        try await upload.append(ByteBuffer(bytes: bytes))
        try await upload.publish(as: digest)
        try await store.discardUpload(Samples.uploadID(number))
    }
    try await publish(90)
    #expect(try store.isInPlace(digest, size: nil))
    #expect(try store.isInPlace(digest, size: 100))
    #expect(try !store.isInPlace(digest, size: 99), "a file of another size is not the blob")
    let opened = try await store.open(digest)
    let place = try await store.setAside(digest, opened: opened)
    #expect(place != nil, "what was opened is set aside")
    #expect(try await store.size(of: digest) == nil, "and is out of its place")
    #expect(try await store.setAside(digest, opened: opened) == nil, "once")
    try await publish(91)
    #expect(try await store.size(of: digest) == 100, "it can be stored again")
    let second = try await store.setAside(digest, opened: nil)
    #expect(second != nil && second != place, "and set aside again, beside the first")
}
