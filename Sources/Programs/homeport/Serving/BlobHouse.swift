internal import Edge
internal import FileBlobs
internal import FoundationEssentials
internal import Logging
internal import OCI
internal import Registry
internal import S3Blobs
internal import ServerKit

/// Where the bytes of blobs are: in the folder of the data, or in a bucket.
enum BlobHouse: Sendable {
    case folder(FileBlobs)
    case bucket(S3Blobs)

    /// - Parameter threads: how many calls at once wait for a disk.
    static func open(
        _ values: Configuration, in folder: DataFolder, of owner: String, threads: Int, queueMax: Int,
        now: @escaping @Sendable () -> Date
    ) throws(StoreError) -> BlobHouse {
        guard let settings = values.s3.settings else {
            let threads = BlockingThreads(count: threads, queueMax: queueMax)
            return .folder(
                try FileBlobs(
                    root: folder.path, threads: threads, reserve: Int64(values.registry.diskReserve)))
        }
        return try bucket(settings, of: owner, now: now)
    }

    private static func bucket(_ settings: S3Settings, of owner: String, now: @escaping @Sendable () -> Date)
        throws(StoreError) -> BlobHouse
    {
        // Nothing there waits for a disk: bytes are hashed on these.
        let cores = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let threads = BlockingThreads(count: cores, queueMax: 4096)
        return .bucket(try S3Blobs(settings, owner: owner, threads: threads, now: now))
    }

    /// The same bytes under other settings. A bucket that is asked otherwise than before is another object; the old
    /// one goes on as long as somebody uses it.
    func succeeded(by values: Configuration, now: @escaping @Sendable () -> Date) throws(StoreError)
        -> BlobHouse
    {
        guard case .bucket(let blobs) = self, let settings = values.s3.settings, settings != blobs.settings
        else { return self }
        return try Self.bucket(settings, of: blobs.owner, now: now)
    }

    var store: any BlobStore & BlobQuarantine {
        switch self {
        case .folder(let blobs): blobs
        case .bucket(let blobs): blobs
        }
    }

    /// Sees that nobody else's blobs are there. A bucket that is away is asked later, before anything is removed.
    func claim() async throws(CommandFailure) {
        guard case .bucket(let blobs) = self else { return }
        do throws(StoreError) {
            try await blobs.claim()
        } catch {
            guard error.kind == .unavailable else { throw .unreachable("\(error)") }
        }
    }

    /// Leaves so many bytes of the disk free from now on.
    func use(reserve: Int64) {
        if case .folder(let blobs) = self { blobs.use(reserve: reserve) }
    }

    /// How it is, without what only the operator may know. Every other server misses the same bucket, so one that
    /// is away is no reason to send clients elsewhere.
    func finding() async -> HealthFace.Check.Finding {
        switch self {
        case .folder(let blobs):
            do {
                _ = try await blobs.uploads()
                return .fine
            } catch {
                return .failing("cannot be read")
            }
        case .bucket(let blobs):
            guard let trouble = await blobs.trouble() else { return .fine }
            Logger(label: "homeport.s3").warning(
                "the bucket cannot be asked", metadata: ["problem": "\(trouble)"])
            return .noted("the bucket cannot be asked")
        }
    }

    /// The address that a client is sent to for a blob, where clients are sent to the bucket.
    func addresses(_ values: Configuration) -> (@Sendable (Digest) -> String)? {
        guard case .bucket(let blobs) = self, values.s3.redirects else { return nil }
        return { digest in blobs.address(of: digest) }
    }
}

extension Configuration {
    /// Where the blobs lie, for people.
    func blobPlace(_ folder: DataFolder) -> String { s3.isNamed ? s3.words : folder.path }
}

/// How a bucket answers, for commands that look.
struct S3Trouble: Sendable {
    /// Nil when all is well.
    let words: String?

    /// Nil where there is to be no bucket.
    static func of(_ values: Configuration, now: Date) async -> S3Trouble? {
        guard let settings = values.s3.settings else { return nil }
        do {
            let blobs = try S3Blobs(
                settings, owner: "", threads: BlockingThreads(count: 1, queueMax: 1), now: { now })
            return S3Trouble(words: await blobs.trouble())
        } catch {
            return S3Trouble(words: error.description)
        }
    }
}
