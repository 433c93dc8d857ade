import NIOCore
import OCI

/// What is asked often, in memory: a hot pull touches no disk.
///
/// Every entry belongs to one repository, so nothing that one repository holds is ever answered for another.
final class RegistryCaches: Sendable {
    /// Something inside a repository.
    struct Place<Item: Hashable & Sendable>: Hashable, Sendable {
        let repository: RepositoryName
        let item: Item
    }

    /// Manifests larger than this are read anew each time.
    static let manifestSizeMax = 64 << 10

    let tags: ReadThroughCache<Place<Tag>, Digest>
    let manifests: ReadThroughCache<Place<Digest>, PulledManifest>
    let blobs: ReadThroughCache<Place<Digest>, HeldBlob>
    /// The tags that lead to a manifest. Any manifest pushed or removed may change them.
    let leadingTags: ReadThroughCache<Place<Digest>, [String]>

    init(generation: @Sendable @escaping () -> UInt64) {
        tags = ReadThroughCache("tags", costMax: 50_000, generation: generation)
        manifests = ReadThroughCache("manifests", costMax: 16 << 20, generation: generation)
        blobs = ReadThroughCache("blobs", costMax: 50_000, generation: generation)
        leadingTags = ReadThroughCache("leading_tags", costMax: 50_000, generation: generation)
    }

    /// Forgets which manifests and blobs are held, and since when they rest.
    func forgetWhatIsHeld() {
        manifests.removeAll()
        blobs.removeAll()
        leadingTags.removeAll()
    }
}
