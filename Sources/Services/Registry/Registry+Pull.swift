import Logging
package import NIOCore
package import OCI
import ServerKit

/// A manifest on its way to a client: byte for byte as it was pushed.
package struct PulledManifest: Sendable, Hashable {
    package let digest: Digest
    package let mediaType: MediaType
    package let body: ByteBuffer
}

/// Pulling (distribution-spec, "Pull").
extension Registry {
    /// The digest a reference stands for now. A digest stands for itself, whether or not it is held.
    package func digest(of reference: Reference, in repository: RepositoryName) async throws -> Digest {
        switch reference {
        case .digest(let digest): return digest
        case .tag(let tag):
            let place = RegistryCaches.Place(repository: repository, item: tag)
            let digest = try await caches.tags.value(for: place) {
                try await manifests.digest(of: tag, in: repository)
            }
            guard let digest else {
                throw OCIError(.manifestUnknown, "\(repository) has no tag \(tag)")
            }
            return digest
        }
    }

    /// A manifest of this repository, by tag or digest.
    package func manifest(_ reference: Reference, in repository: RepositoryName) async throws
        -> PulledManifest
    {
        let digest = try await digest(of: reference, in: repository)
        let place = RegistryCaches.Place(repository: repository, item: digest)
        let found = try await caches.manifests.value(for: place, cost: Self.cost(of:)) {
            try await manifests.manifest(digest, in: repository).map { stored in
                PulledManifest(
                    digest: stored.digest, mediaType: stored.mediaType, body: ByteBuffer(bytes: stored.bytes))
            }
        }
        guard let found else {
            throw OCIError(.manifestUnknown, "\(repository) has no manifest \(digest)")
        }
        return found
    }

    /// The tags of this repository that lead to a manifest: those that point to it, and those that point to
    /// an index that lists it.
    package func tags(leadingTo digest: Digest, in repository: RepositoryName) async throws -> [Tag] {
        let place = RegistryCaches.Place(repository: repository, item: digest)
        let cost: ([Tag]) -> Int = { $0.count + 1 }
        let tags = try await caches.leadingTags.value(for: place, cost: cost) {
            try await manifests.tags(leadingTo: digest, in: repository)
        }
        return tags ?? []
    }

    /// The size of a blob that this repository holds, in bytes.
    package func blobSize(_ digest: Digest, in repository: RepositoryName) async throws -> Int64 {
        let place = RegistryCaches.Place(repository: repository, item: digest)
        let size = try await caches.blobSizes.value(for: place) {
            try await links.size(of: digest, in: repository)
        }
        guard let size else { throw OCIError(.blobUnknown, "\(repository) has no blob \(digest)") }
        return size
    }

    /// Opens a blob that this repository holds. Blobs of other repositories are as good as not there.
    package func openBlob(_ digest: Digest, in repository: RepositoryName) async throws -> any StoredBlob {
        _ = try await blobSize(digest, in: repository)
        if let blob = try await unlessMissing({ try await blobs.open(digest) }) { return blob }
        Logger.current.error(
            "a blob's bytes are not where its row says",
            metadata: ["repository": "\(repository)", "digest": "\(digest)"])
        throw OCIError(.blobUnknown, "the bytes of \(digest) are missing: push it again")
    }

    private static func cost(of manifest: PulledManifest) -> Int {
        let size = manifest.body.readableBytes
        return size <= RegistryCaches.manifestSizeMax ? size + 512 : .max
    }
}
