import Logging
package import OCI

/// Mounting (distribution-spec, "Mounting a blob from another repository"): a blob that one repository holds
/// becomes visible in another without travelling.
extension Registry {
    /// Makes a blob of `source` visible in `repository`; false when `source` does not hold it.
    package func mount(_ digest: Digest, from source: RepositoryName, in repository: RepositoryName)
        async throws -> Bool
    {
        try await blobs.requireRoom()
        let size = try await unlessRefused {
            try await links.mount(
                digest, from: source, in: repository, under: policy.conditions(for: repository))
        }
        guard size != nil else { return false }
        try await tryQuotas(repository)
        caches.blobs.remove(.init(repository: repository, item: digest))
        Logger.current.debug(
            "blob mounted",
            metadata: ["repository": "\(repository)", "from": "\(source)", "digest": "\(digest)"])
        return true
    }

    /// Makes a blob visible in `repository` that any repository holds which `isVisible` lets through, this
    /// one included; false when there is none.
    package func mount(
        _ digest: Digest, fromAnyVisibleTo isVisible: (RepositoryName) async throws -> Bool,
        in repository: RepositoryName
    ) async throws -> Bool {
        if try await links.size(of: digest, in: repository) != nil { return true }
        for source in try await links.repositories(holding: digest, limit: Self.mountCandidatesMax)
        where try await isVisible(source) {
            if try await mount(digest, from: source, in: repository) { return true }
        }
        return false
    }

    /// How many repositories are looked at for a mount that names none.
    private static let mountCandidatesMax = 200
}
