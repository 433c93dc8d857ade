package import FoundationEssentials
package import OCI

/// A registry of container images and other artifacts: what the distribution spec asks of one, without a word
/// of HTTP.
///
/// It knows accounts only by name, to say who pushed and whose an upload is; whether somebody may do what he
/// asks for is decided before it is called. Its calls throw `OCIError` or `MissingReferences` for what the
/// client can mend, `StoreError` for what went wrong in a store.
package final class Registry: Sendable {
    /// How many tags one push of a manifest may set.
    package var tagsPerPushMax: Int { limits.tagsPerPush }

    let blobs: any BlobStore
    let links: any BlobLinks
    let manifests: any ManifestStore
    let ledger: any UploadLedger
    let limits: RegistryLimits
    let now: @Sendable () -> Date
    let caches: RegistryCaches
    let uploads: UploadTable

    /// - Parameters:
    ///   - generation: another number than before when something beside this object may have changed what the
    ///     stores hold. It is read on every pull, so it should cost nanoseconds.
    ///   - now: the time of day.
    package init(
        blobs: any BlobStore, links: any BlobLinks, manifests: any ManifestStore, ledger: any UploadLedger,
        limits: RegistryLimits = RegistryLimits(), generation: @Sendable @escaping () -> UInt64,
        now: @Sendable @escaping () -> Date
    ) {
        self.blobs = blobs
        self.links = links
        self.manifests = manifests
        self.ledger = ledger
        self.limits = limits
        self.now = now
        self.caches = RegistryCaches(generation: generation)
        self.uploads = UploadTable(perAccountMax: limits.uploadsPerAccount)
    }
}

/// What a registry puts up with.
package struct RegistryLimits: Sendable {
    /// The largest blob, in bytes.
    package var blobSize: Int64
    /// How many uploads an account may have under way at once.
    package var uploadsPerAccount: Int
    /// How many tags one push of a manifest may set.
    package var tagsPerPush: Int
    /// After this many seconds without a byte an upload's file is closed; it can still be gone on with.
    package var uploadIdleTime: TimeInterval
    /// After this many seconds without a byte an upload is thrown away.
    package var uploadLifetime: TimeInterval

    /// How long a request waits for another that is at work on the same upload.
    package var uploadPatience: Duration

    package init(
        blobSize: Int64 = 1 << 40, uploadsPerAccount: Int = 200, tagsPerPush: Int = 64,
        uploadIdleTime: TimeInterval = 300, uploadLifetime: TimeInterval = 24 * 3600,
        uploadPatience: Duration = .seconds(3)
    ) {
        self.blobSize = blobSize
        self.uploadsPerAccount = uploadsPerAccount
        self.tagsPerPush = tagsPerPush
        self.uploadIdleTime = uploadIdleTime
        self.uploadLifetime = uploadLifetime
        self.uploadPatience = uploadPatience
    }
}

/// A manifest that was refused because the repository does not hold what it refers to.
package struct MissingReferences: Error, Hashable, Sendable {
    /// In the order the manifest names them; never empty.
    package let digests: [Digest]

    package init(digests: [Digest]) { self.digests = digests }
}
