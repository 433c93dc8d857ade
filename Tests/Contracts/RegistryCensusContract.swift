import FoundationEssentials
import OCI
package import Registry
import Testing

/// What every `RegistryCensus` promises.
///
/// A backend's tests call this once, with an empty store.
package func checkRegistryCensusContract(
    _ store: any RegistryCensus & ManifestStore & BlobLinks & UploadLedger
) async throws {
    #expect(try await store.totals() == RegistryTotals(), "an empty store has nothing")
    let (one, two) = (try Samples.repository("count/one"), try Samples.repository("count/two"))
    for repository in [one, two] {
        try await store.link(Samples.digest(1), size: 5, in: repository) { true }
        try await store.link(Samples.digest(1), size: 5, in: repository) { true }
    }
    try await store.link(Samples.digest(2), size: 7, in: one) { true }
    let push = try Samples.push(Samples.image(config: Samples.digest(1)), tags: ["v1", "v2"])
    for _ in 1...2 { _ = try await store.put(push, in: one) }
    let upload = UploadRecord(
        id: Samples.uploadID(1), repository: one, account: "", algorithm: .sha256, startedAt: Samples.date,
        movedAt: Samples.date)
    try await store.begin(upload)

    var expected = RegistryTotals()
    (expected.blobs, expected.blobBytes, expected.repositories) = (2, 12, 2)
    expected.uploads = 1
    #expect(try await store.totals() == expected, "each thing counts once")

    try await store.end(upload.id)
    expected.uploads = 0
    #expect(try await store.totals() == expected)
    _ = try await store.removeRepository(one)
    expected.repositories = 1
    #expect(try await store.totals() == expected, "what is removed counts no more, but its blobs do")
}
