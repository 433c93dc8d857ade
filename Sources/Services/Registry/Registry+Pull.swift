import FoundationEssentials
import Logging
package import NIOCore
package import OCI
import ServerKit

/// A manifest on its way to a client: byte for byte as it was pushed.
package struct PulledManifest: Sendable, Hashable {
    package let digest: Digest
    package let mediaType: MediaType
    package let body: ByteBuffer
    /// Since when no tag points to it, as far as is known here.
    let restsSince: Date?
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
            guard let stored = try await manifests.manifest(digest, in: repository) else { return nil }
            try await refuseDamaged(stored, in: repository)
            return PulledManifest(
                digest: stored.digest, mediaType: stored.mediaType, body: ByteBuffer(bytes: stored.bytes),
                restsSince: stored.restsSince)
        }
        guard let found, try await isStaying(digest, restingSince: found.restsSince, in: repository) else {
            throw OCIError(.manifestUnknown, "\(repository) has no manifest \(digest)")
        }
        return found
    }

    /// The tags of this repository that lead to a manifest: those that point to it, and those that point to
    /// an index that lists it. As text, because rules judge by that, and there may be thousands.
    package func tags(leadingTo digest: Digest, in repository: RepositoryName) async throws -> [String] {
        let place = RegistryCaches.Place(repository: repository, item: digest)
        let cost: ([String]) -> Int = { $0.count + 1 }
        let tags = try await caches.leadingTags.value(for: place, cost: cost) {
            try await manifests.tags(leadingTo: digest, in: repository).map(\.text)
        }
        return tags ?? []
    }

    /// The size of a blob that this repository holds, in bytes.
    package func blobSize(_ digest: Digest, in repository: RepositoryName) async throws -> Int64 {
        let place = RegistryCaches.Place(repository: repository, item: digest)
        let held = try await caches.blobs.value(for: place) {
            try await links.blob(digest, in: repository)
        }
        guard let held, try await isStaying(digest, restingSince: held.restsSince, in: repository) else {
            throw OCIError(.blobUnknown, "\(repository) has no blob \(digest)")
        }
        return held.size
    }

    /// Opens a blob that this repository holds. Blobs of other repositories are as good as not there, and so
    /// is one whose file is of another size than its row says.
    package func openBlob(_ digest: Digest, in repository: RepositoryName) async throws -> any StoredBlob {
        let size = try await blobSize(digest, in: repository)
        var blob = try await unlessMissing { try await blobs.open(digest) }
        if let blob, blob.size == size { return blob }
        // It may have been collected between the two, and pushed again.
        caches.blobs.remove(.init(repository: repository, item: digest))
        _ = try await blobSize(digest, in: repository)
        blob = try await unlessMissing { try await blobs.open(digest) }
        if let blob, blob.size == size { return blob }
        let problem =
            blob.map { "its file has \($0.size) bytes instead of \(size)" } ?? "its file is not there"
        await report(digest, blob, problem, in: repository)
        throw OCIError(.blobUnknown, "the bytes of \(digest) are damaged here: push it again")
    }

    private func report(
        _ digest: Digest, _ blob: (any StoredBlob)?, _ problem: String, in repository: RepositoryName
    ) async {
        do {
            _ = try await damage?.seize(digest, opened: blob, blob == nil ? .missing : .size, problem)
        } catch {
            Logger.current.error(
                "a damaged blob could not be set aside",
                metadata: [
                    "repository": "\(repository)", "digest": "\(digest)", "problem": "\(problem)",
                    "error": "\(error)",
                ])
        }
        forgetAnswers()
    }

    /// Throws for a manifest whose bytes are others than its digest says.
    private func refuseDamaged(_ stored: StoredManifest, in repository: RepositoryName) async throws {
        let actual = stored.actualDigest
        guard actual != stored.digest else { return }
        _ = try await damage?.note(stored, in: repository, actual: actual)
        throw OCIError(.manifestUnknown, "the bytes of \(stored.digest) are damaged here: push it again")
    }

    /// Makes sure that what a client is told of stays for the time it may take to push a manifest that needs
    /// it: what has rested for half of the grace time is noted as used. False when it has just been
    /// collected.
    private func isStaying(_ digest: Digest, restingSince: Date?, in repository: RepositoryName) async throws
        -> Bool
    {
        guard let restingSince, now().timeIntervalSince(restingSince) >= limits.graceTime / 2 else {
            return true
        }
        let isThere = try await garbage.noteUse(of: digest, in: repository)
        let place = RegistryCaches.Place(repository: repository, item: digest)
        caches.blobs.remove(place)
        caches.manifests.remove(place)
        return isThere
    }

    private static func cost(of manifest: PulledManifest) -> Int {
        let size = manifest.body.readableBytes
        return size <= RegistryCaches.manifestSizeMax ? size + 512 : .max
    }
}
