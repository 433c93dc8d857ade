package import FoundationEssentials
import NIOCore
package import OCI
package import Registry
package import ServerKit
import Synchronization

/// Blobs in a bucket of something that speaks S3, one object each.
///
/// Several processes may use the same bucket, if they have the same facts: whatever they do to the same upload at
/// once, a blob has the bytes that were hashed, or there is none.
package final class S3Blobs: BlobStore {
    let client: S3Client
    let places: Places
    private let memory = HashMemory<[S3Object]>(countMax: 512)
    private let budget: Budget
    private let threads: BlockingThreads
    private let sizes: PieceSizes
    private let now: @Sendable () -> Date
    /// Uploads that this process has begun or gone on with, and not discarded.
    private let own = Mutex<Set<UploadID>>([])
    private let orphanAge: TimeInterval
    /// Whose facts these blobs belong to; empty for who only looks.
    package let owner: String
    /// Whether the bucket is known to be the owner's.
    let isClaimed = Mutex(false)
    /// When leftovers were looked for last.
    private let lookedAt = Mutex<Date>(.distantPast)

    /// How many requests for one purpose are under way at once.
    private static let atOnce = 8
    private static let lookInterval: TimeInterval = 3600
    /// How long what belongs to nobody is left alone, whatever the caller says: it may be somebody's by now.
    private static let leftoverAge: TimeInterval = 24 * 3600

    package var settings: S3Settings { client.settings }

    /// - Parameters:
    ///   - owner: what tells the facts that these blobs belong to from all others.
    ///   - threads: where bytes are hashed.
    package convenience init(
        _ settings: S3Settings, owner: String, threads: BlockingThreads, now: @escaping @Sendable () -> Date
    ) throws(StoreError) {
        try self.init(
            settings, owner: owner, threads: threads, sizes: PieceSizes(), budget: Budget(), now: now)
    }

    /// - Parameter orphanAge: for how long nothing must have moved in an upload of another process before it is told of.
    init(
        _ settings: S3Settings, owner: String = "", threads: BlockingThreads, sizes: PieceSizes,
        budget: Budget,
        orphanAge: TimeInterval = 3600, now: @escaping @Sendable () -> Date
    ) throws(StoreError) {
        self.client = try S3Client(settings, now: now)
        self.places = Places(prefix: settings.prefix)
        self.budget = budget
        self.threads = threads
        self.sizes = sizes
        self.orphanAge = orphanAge
        self.owner = owner
        self.now = now
        S3Metrics.begin()
    }

    /// What keeps the bucket from being used, for people; nil when nothing does.
    package func trouble() async -> String? {
        do throws(S3Failure) {
            _ = try await client.list(places.blobs, limit: 1)
            return nil
        } catch {
            return "\(settings.words): \(error.words)"
        }
    }

    /// Where whoever knows it gets a blob for a while, without another word.
    package func address(of digest: Digest) -> String { client.address(of: places.blob(digest)) }

    package func size(of digest: Digest) async throws(StoreError) -> Int64? {
        let key = places.blob(digest)
        return try await asking("looking for blob \(digest)", key) { (client) throws(S3Failure) in
            try await client.look(key)?.size
        }
    }

    package func open(_ digest: Digest) async throws(StoreError) -> any StoredBlob {
        let key = places.blob(digest)
        return try await asking("opening blob \(digest)", key) { (client) throws(S3Failure) in
            let (object, head) = try await client.begin(key, count: S3Blob.headSize)
            return S3Blob(object, head: head, store: self)
        }
    }

    package func remove(_ digest: Digest) async throws(StoreError) {
        let key = places.blob(digest)
        try await asking("removing blob \(digest)", key) { (client) throws(S3Failure) in
            try await client.delete(key)
        }
    }

    package func takeAway(_ digest: Digest) throws(StoreError) -> UploadID? {
        let key = places.blob(digest)
        try askingNow("removing blob \(digest)", key) { (client) throws(S3Failure) in
            try client.deleteNow(key)
        }
        return nil
    }

    /// A bucket has no end.
    package func requireRoom() async throws(StoreError) {}

    package func createUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError)
        -> any BlobUpload
    {
        let key = places.mark(of: id)
        try await asking("starting upload \(id)", key) { (client) throws(S3Failure) in
            do throws(S3Failure) {
                _ = try await client.put(key, ByteBuffer(), isNew: true)
            } catch  where error.isUnknownCondition {
                guard try await client.look(key) == nil else {
                    throw .refused(status: 412, code: "", message: "")
                }
                _ = try await client.put(key, ByteBuffer())
            }
        }
        own.withLock { _ = $0.insert(id) }
        return upload(id, ContentHash(algorithm), pieces: [], tail: nil)
    }

    package func resumeUpload(_ id: UploadID, algorithm: Digest.Algorithm) async throws(StoreError)
        -> any BlobUpload
    {
        let pieces = try await usablePieces(of: id)
        let isOpen = pieces.last.map { $0.size < sizes.size(of: pieces.count - 1) } ?? false
        let whole = isOpen ? Array(pieces.dropLast()) : pieces
        let last = isOpen ? pieces.last : nil
        if let known = memory.hash(of: id, proof: pieces), known.algorithm == algorithm {
            return upload(id, known, pieces: whole, tail: last)
        }
        var hash = ContentHash(algorithm)
        for piece in pieces {
            let blob = S3Blob(piece, head: ByteBuffer(), store: self)
            var offset: Int64 = 0
            while offset < piece.size {
                let bytes = try await blob.read(at: offset, count: 1 << 20)
                hash = try await hashed(hash, [bytes])
                offset += Int64(bytes.readableBytes)
            }
        }
        return upload(id, hash, pieces: whole, tail: last)
    }

    /// The pieces of an upload up to the first that nothing can follow: those that do have been written by somebody
    /// who did not know better, and go.
    private func usablePieces(of id: UploadID) async throws(StoreError) -> [S3Object] {
        guard let found = try await pieces(of: id) else {
            throw StoreError(.missing, "taking up upload \(id): it is not there")
        }
        var count = 0
        while count < found.count, found[count].key == places.piece(count, of: id) {
            count += 1
            if found[count - 1].size < sizes.partMin { break }
        }
        for piece in found[count...] {
            try await asking("taking up upload \(id)", piece.key) { (client) throws(S3Failure) in
                try await client.delete(piece.key, ifTag: piece.tag)
            }
        }
        return Array(found[..<count])
    }

    /// What an upload has in the bucket, in order; nil when there is no such upload.
    func pieces(of id: UploadID) async throws(StoreError) -> [S3Object]? {
        let folder = places.folder(of: id)
        let found = try await asking("looking for upload \(id)", folder) { (client) throws(S3Failure) in
            try await client.listAll(folder).objects
        }
        let mark = places.mark(of: id)
        guard found.contains(where: { $0.key == mark }) else { return nil }
        return found.filter { $0.key != mark }.map { S3Object(key: $0.key, size: $0.size, tag: $0.tag) }
    }

    private func upload(_ id: UploadID, _ hash: ContentHash, pieces: [S3Object], tail: S3Object?) -> S3Upload
    {
        S3Upload(id, hash: hash, pieces: pieces, tail: tail, store: self, sizes: sizes, budget: budget)
    }

    package func discardUpload(_ id: UploadID) async throws(StoreError) {
        memory.forget(id)
        own.withLock { _ = $0.remove(id) }
        let (folder, mark) = (places.folder(of: id), places.mark(of: id))
        try await asking("discarding upload \(id)", folder) { (client) throws(S3Failure) in
            // Without its mark nobody takes it up again, however far this comes.
            try await client.delete(mark)
            let rest = try await client.listAll(folder).objects
            _ = try await parallel(rest, atOnce: Self.atOnce) { (object, _) throws(S3Failure) in
                try await client.delete(object.key)
            }
        }
    }

    /// Those of other processes only when nothing has moved in them for a while: this process may not have heard of
    /// their rows yet.
    package func uploads() async throws(StoreError) -> [UploadID] {
        try await claim()
        let known = own.withLock(\.self)
        let folder = places.uploads
        let found = try await asking("listing uploads", folder) { (client) throws(S3Failure) in
            try await client.listAll(folder, byFolder: true).folders
        }
        let (limit, places) = (now().addingTimeInterval(-orphanAge), places)
        let all = found.compactMap { places.uploadID(ofFolder: $0) }
        // What was known before the list and is not in it was ended by somebody else.
        own.withLock { $0.subtract(known.subtracting(all)) }
        let others = all.filter { !known.contains($0) }
        let old = try await asking("listing uploads", folder) { (client) throws(S3Failure) in
            try await parallel(others, atOnce: Self.atOnce) { (id, _) throws(S3Failure) in
                let objects = try await client.listAll(places.folder(of: id)).objects
                return objects.allSatisfy { $0.since.map { $0 < limit } ?? false }
            }
        }
        return all.filter(known.contains) + zip(others, old).filter(\.1).map(\.0)
    }

    package func clearLeftovers(before moment: Date) async throws(StoreError) {
        let date = now()
        let isTime = lookedAt.withLock { last in
            guard date.timeIntervalSince(last) >= Self.lookInterval else { return false }
            last = date
            return true
        }
        guard isTime else { return }
        try await claim()
        let (folder, limit) = (places.blobs, min(moment, date.addingTimeInterval(-Self.leftoverAge)))
        _ = try await asking("clearing away what was never put together", folder) {
            (client) throws(S3Failure) in
            try await client.abortParts(folder, before: limit)
        }
    }

    package func digests(after last: Digest?, limit: Int) async throws(StoreError) -> [Digest] {
        var found: [Digest] = []
        for algorithm in Digest.Algorithm.allCases.sorted(by: { $0.rawValue < $1.rawValue }) {
            if let last, algorithm.rawValue < last.algorithm.rawValue { continue }
            let folder = places.folder(of: algorithm)
            var after = last?.algorithm == algorithm ? last.map { places.blob($0) } : nil
            while found.count < limit {
                let (begin, rest) = (after, limit - found.count)
                let page = try await asking("listing blobs", folder) { (client) throws(S3Failure) in
                    try await client.list(folder, after: begin, limit: rest)
                }
                found += page.objects.compactMap { places.digest(of: $0.key) }
                guard page.next != nil, let end = page.objects.last else { break }
                after = end.key
            }
        }
        return found
    }

    package func settled(before moment: Date, among digests: [Digest]) async throws(StoreError)
        -> [Digest: Int64]
    {
        guard !digests.isEmpty else { return [:] }
        try await claim()
        let foreign = places.foreignMetadata
        let places = places
        let found = try await asking("listing blobs", foreign) { (client) throws(S3Failure) -> [S3Object?] in
            guard try await client.list(foreign, limit: 1).objects.isEmpty else { return [] }
            return try await parallel(digests, atOnce: Self.atOnce) { (digest, _) throws(S3Failure) in
                let key = places.blob(digest)
                return try await client.list(key, limit: 1).objects.first { $0.key == key }
            }
        }
        var settled: [Digest: Int64] = [:]
        for case let object? in found {
            guard let digest = places.digest(of: object.key), let since = object.since, since < moment else {
                continue
            }
            settled[digest] = object.size
        }
        return settled
    }

    // MARK: What uploads need

    func hashed(_ hash: ContentHash, _ pieces: [ByteBuffer]) async throws(StoreError) -> ContentHash {
        try await threads.runStore {
            var hash = hash
            for piece in pieces { piece.withUnsafeReadableBytes { hash.update($0) } }
            return hash
        }
    }

    /// What S3 wants to know of bytes before they come.
    func payload(of bytes: ByteBuffer) async throws(StoreError) -> String {
        try await threads.runStore { Signature.hash(of: bytes) }
    }

    func remember(_ hash: ContentHash, of id: UploadID, _ pieces: [S3Object]) {
        memory.remember(hash, of: id, proof: pieces)
    }

    /// Asks the bucket, and says what for when it fails.
    func asking<Value>(
        _ doing: String, _ key: String, _ body: (S3Client) async throws(S3Failure) -> Value
    ) async throws(StoreError) -> Value {
        do throws(S3Failure) {
            return try await body(client)
        } catch {
            throw failure(error, doing, key)
        }
    }

    func askingNow<Value>(_ doing: String, _ key: String, _ body: (S3Client) throws(S3Failure) -> Value)
        throws(StoreError) -> Value
    {
        do throws(S3Failure) {
            return try body(client)
        } catch {
            throw failure(error, doing, key)
        }
    }

    private func failure(_ failure: S3Failure, _ doing: String, _ key: String) -> StoreError {
        StoreError(
            failure.kind,
            "\(doing): \(failure.words) (\(key) in bucket \(settings.bucket) at \(settings.endpoint.authority))"
        )
    }
}
