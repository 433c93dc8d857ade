import FoundationEssentials
import NIOCore
import OCI
package import Registry
import ServerKit
import Testing

/// What every `BlobStore` promises.
///
/// A backend's tests call this once, with an empty store.
///
/// - Parameter isRemote: for a store that is asked over a network: what is open ends when it is removed,
/// `takeAway` frees the room at once, and `republish` puts nothing back.
package func checkBlobStoreContract(_ store: any BlobStore, isRemote: Bool = false) async throws {
    try await checkEmpty(store)
    try await checkPublished(store, .sha256, size: 3, isRemote)
    try await checkPublished(store, .sha512, size: 700_000, isRemote)
    try await checkPublished(store, .sha256, size: 0, isRemote)
    try await checkUploads(store)
    try await checkRepublishing(store, isRemote)
    try await store.clearLeftovers(before: .distantFuture)
    try await checkRemoval(store)
    try await checkWalk(store)
}

private func checkEmpty(_ store: any BlobStore) async throws {
    let digest = Samples.digest(0)
    #expect(try await store.size(of: digest) == nil, "an empty store holds nothing")
    #expect(try await store.digests(after: nil, limit: 10) == [], "an empty store lists nothing")
    #expect(try await store.uploads() == [], "an empty store has no uploads")
    await expect(.missing, "a blob that is not there cannot be opened") { _ = try await store.open(digest) }
    await expect(.missing, "an upload that was never started cannot be taken up") {
        _ = try await store.resumeUpload(Samples.uploadID(1), algorithm: .sha256)
    }
    try await store.remove(digest)
    #expect(try store.takeAway(digest) == nil, "nothing can be taken away")
    try await store.discardUpload(Samples.uploadID(1))
}

/// Stores `bytes` in pieces and leaves no upload behind.
private func publish(_ bytes: [UInt8], _ algorithm: Digest.Algorithm, in store: any BlobStore) async throws
    -> Digest
{
    let id = Samples.uploadID(UInt64(bytes.count) + 1000)
    let upload = try await store.createUpload(id, algorithm: algorithm)
    for start in stride(from: 0, to: bytes.count, by: 300_000) {
        let end = min(bytes.count, start + 300_000)
        try await upload.append(ByteBuffer(bytes: bytes[start..<end]))
        #expect(upload.size == Int64(end), "the size counts what was appended")
    }
    let digest = try await upload.digest()
    #expect(digest == Samples.digest(of: bytes, algorithm), "the digest is that of the bytes")
    #expect(try await store.size(of: digest) == nil, "nothing is there before it is published")
    try await upload.publish(as: digest)
    try await store.discardUpload(id)
    return digest
}

private func checkPublished(
    _ store: any BlobStore, _ algorithm: Digest.Algorithm, size: Int, _ isRemote: Bool
) async throws {
    let bytes = Samples.bytes(size)
    let digest = try await publish(bytes, algorithm, in: store)
    #expect(try await store.size(of: digest) == Int64(size), "a published blob has its size")
    let blob = try await store.open(digest)
    #expect(blob.size == Int64(size))
    #expect(try await blob.read(at: 0, count: size + 10) == ByteBuffer(bytes: bytes), "read to its end")
    #expect(try await blob.read(at: Int64(size), count: 10).readableBytes == 0, "there is nothing behind it")
    if size > 2 {
        let middle = try await blob.read(at: 1, count: size - 2)
        #expect(middle == ByteBuffer(bytes: bytes[1..<(size - 1)]), "read from the middle")
    }
    try await store.remove(digest)
    #expect(try await store.size(of: digest) == nil, "a removed blob is gone")
    let rest = try await wholeIfThere(blob)
    #expect(rest == ByteBuffer(bytes: bytes) || isRemote && rest == nil, "what is open stays readable")
}

/// All of a blob; nil when it cannot be read any more because it was removed.
private func wholeIfThere(_ blob: any StoredBlob) async throws(StoreError) -> ByteBuffer? {
    do {
        return try await blob.read(at: 0, count: Int(blob.size))
    } catch {
        guard error.kind == .missing else { throw error }
        return nil
    }
}

private func checkUploads(_ store: any BlobStore) async throws {
    let id = Samples.uploadID(2)
    let bytes = Samples.bytes(5000)
    let upload = try await store.createUpload(id, algorithm: .sha256)
    await expect(.conflict, "an upload is started once") {
        _ = try await store.createUpload(id, algorithm: .sha256)
    }
    try await upload.append(ByteBuffer(bytes: bytes[..<2000]))
    try await upload.settle()
    #expect(try await upload.isCurrent(), "an upload is what it was")
    #expect(try await store.uploads() == [id], "an upload is listed")

    let resumed = try await store.resumeUpload(id, algorithm: .sha256)
    #expect(resumed.size == 2000, "a resumed upload has what was appended")
    try await resumed.append(ByteBuffer(bytes: bytes[2000...]))
    try await resumed.settle()
    #expect(try await resumed.isCurrent())
    #expect(try await !upload.isCurrent(), "until somebody else goes on with it")
    #expect(try await resumed.digest() == Samples.digest(of: bytes), "and its digest is that of all bytes")

    let other = try await store.resumeUpload(id, algorithm: .sha512)
    #expect(try await other.digest() == Samples.digest(of: bytes, .sha512), "by another algorithm too")

    try await store.discardUpload(id)
    try await store.discardUpload(id)
    #expect(try await store.uploads() == [], "a discarded upload is gone")
    #expect(try await !resumed.isCurrent(), "also for whoever has it open")
    await expect(.missing, "a discarded upload cannot be taken up") {
        _ = try await store.resumeUpload(id, algorithm: .sha256)
    }
    #expect(try await store.size(of: Samples.digest(of: bytes)) == nil, "and leaves no blob")
}

private func checkRepublishing(_ store: any BlobStore, _ isRemote: Bool) async throws {
    let bytes = Samples.bytes(100, seed: 3)
    let digest = Samples.digest(of: bytes)
    let upload = try await store.createUpload(Samples.uploadID(3), algorithm: .sha256)
    try await upload.append(ByteBuffer(bytes: bytes))
    try await upload.publish(as: digest)
    try await upload.publish(as: digest)
    #expect(try upload.republish(as: digest), "a published blob is in its place")

    let taken = try store.takeAway(digest)
    #expect(isRemote || taken != nil)
    #expect(try await store.size(of: digest) == nil, "a blob can be taken away at once")
    #expect(
        try await Set(store.uploads()) == Set([Samples.uploadID(3), taken].compactMap(\.self)),
        "its bytes are an upload's from then on, or gone")
    if let taken { try await store.discardUpload(taken) }
    if isRemote {
        #expect(try !upload.republish(as: digest), "what is gone is not in its place")
        try await upload.publish(as: digest)
    }
    #expect(try upload.republish(as: digest), "an upload that is still there puts it back")
    let blob = try await store.open(digest)
    #expect(try await blob.read(at: 0, count: 100) == ByteBuffer(bytes: bytes))

    let second = try await store.createUpload(Samples.uploadID(4), algorithm: .sha256)
    try await second.append(ByteBuffer(bytes: bytes))
    try await second.publish(as: digest)
    try await store.discardUpload(Samples.uploadID(3))
    try await store.discardUpload(Samples.uploadID(4))
    #expect(try await store.size(of: digest) == 100, "publishing what is there is not a failure")
    try await store.remove(digest)
}

private func checkRemoval(_ store: any BlobStore) async throws {
    let digest = try await publish(Samples.bytes(10, seed: 5), .sha256, in: store)
    try await store.remove(digest)
    try await store.remove(digest)
    #expect(try store.takeAway(digest) == nil)
    await expect(.missing, "a removed blob cannot be opened") { _ = try await store.open(digest) }
    let again = try await publish(Samples.bytes(10, seed: 5), .sha256, in: store)
    #expect(try await store.size(of: again) == 10, "what was removed can be stored again")
    try await store.remove(again)
}

private func checkWalk(_ store: any BlobStore) async throws {
    var stored: [Digest] = []
    for number in 0..<20 {
        let bytes = Array("walk \(number)".utf8)
        stored.append(try await publish(bytes, number % 4 == 0 ? .sha512 : .sha256, in: store))
    }
    stored.sort { $0.description < $1.description }
    #expect(try await store.digests(after: nil, limit: 100) == stored, "all digests, in order of their text")

    var walked: [Digest] = []
    while true {
        let page = try await store.digests(after: walked.last, limit: 3)
        #expect(page.count <= 3, "a page has at most as many as asked for")
        guard !page.isEmpty else { break }
        walked += page
    }
    #expect(walked == stored, "page by page, none twice and none left out")
    #expect(try await store.digests(after: nil, limit: 0) == [], "an empty page is empty")
    try await checkSettled(store, stored)
    for digest in stored { try await store.remove(digest) }
}

private func checkSettled(_ store: any BlobStore, _ stored: [Digest]) async throws {
    let asked = [stored[3], Samples.digest(90), stored[5]]
    let settled = try await store.settled(before: .distantFuture, among: asked)
    #expect(
        Set(settled.keys) == [stored[3], stored[5]], "what is there has been there since before a later time")
    #expect(settled[stored[3]] == (try await store.size(of: stored[3])), "and its size is told")
    #expect(
        try await store.settled(before: .distantPast, among: asked) == [:], "and not since before an earlier")
}
