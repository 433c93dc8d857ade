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
    let garbage: any GarbageStore
    let limits: RegistryLimits
    let policy: RegistryPolicy
    let now: @Sendable () -> Date
    let caches: RegistryCaches
    let uploads: UploadTable
    /// Told of what is found damaged while it is pulled; without one, that is only logged.
    let damage: DamageControl?

    /// - Parameters:
    ///   - policy: what the operator has laid down.
    ///   - damage: what is done with something that turns out to be damaged.
    ///   - predecessor: the same registry as it was set up before; it may go on beside this one, and both know the
    ///     same uploads and the same answers.
    ///   - generation: another number than before when something beside this object may have changed what the
    ///     stores hold. It is read on every pull, so it should cost nanoseconds.
    ///   - now: the time of day.
    package init(
        blobs: any BlobStore, links: any BlobLinks, manifests: any ManifestStore, ledger: any UploadLedger,
        garbage: any GarbageStore, limits: RegistryLimits = RegistryLimits(),
        policy: RegistryPolicy = RegistryPolicy(), damage: DamageControl? = nil,
        succeeding predecessor: Registry? = nil,
        generation: @Sendable @escaping () -> UInt64, now: @Sendable @escaping () -> Date
    ) {
        self.blobs = blobs
        self.links = links
        self.manifests = manifests
        self.ledger = ledger
        self.garbage = garbage
        self.limits = limits
        self.policy = policy
        self.now = now
        self.caches = predecessor?.caches ?? RegistryCaches(generation: generation)
        self.uploads = predecessor?.uploads ?? UploadTable()
        self.damage = damage
    }
}

extension Registry {
    /// Looks anew, from now on, at what it knows of manifests and blobs. To be called a few times in each
    /// grace time, so that what clients ask for is seen to be used.
    package func forgetAnswers() { caches.forgetWhatIsHeld() }
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

    /// For how many seconds what nothing needs is kept. Whatever a client was told is there stays for at
    /// least half of it.
    package var graceTime: TimeInterval

    /// How long a request waits for another that is at work on the same upload while that gets nothing more.
    package var uploadPatience: Duration
    /// How long it waits while that does.
    package var uploadPatienceMax: Duration

    package init(
        blobSize: Int64 = 1 << 40, uploadsPerAccount: Int = 200, tagsPerPush: Int = 64,
        uploadIdleTime: TimeInterval = 300, uploadLifetime: TimeInterval = 24 * 3600,
        graceTime: TimeInterval = 24 * 3600, uploadPatience: Duration = .seconds(3),
        uploadPatienceMax: Duration = .seconds(60)
    ) {
        self.blobSize = blobSize
        self.uploadsPerAccount = uploadsPerAccount
        self.tagsPerPush = tagsPerPush
        self.uploadIdleTime = uploadIdleTime
        self.uploadLifetime = uploadLifetime
        self.graceTime = graceTime
        self.uploadPatience = uploadPatience
        self.uploadPatienceMax = uploadPatienceMax
    }
}

/// A manifest that was refused because the repository does not hold what it refers to.
package struct MissingReferences: Error, Hashable, Sendable {
    /// In the order the manifest names them; never empty.
    package let digests: [Digest]

    package init(digests: [Digest]) { self.digests = digests }
}
