package import OCI
package import Registry
package import ServerKit

/// The same without conditions, for tests that are about something else.
extension BlobLinks {
    package func link(
        _ digest: Digest, size: Int64, in repository: RepositoryName,
        isPresent: @Sendable @escaping () throws -> Bool
    ) async throws(StoreError) {
        try await link(digest, size: size, in: repository, under: .none, isPresent: isPresent)
    }

    package func mount(_ digest: Digest, from source: RepositoryName, in repository: RepositoryName)
        async throws(StoreError) -> Int64?
    {
        try await mount(digest, from: source, in: repository, under: .none)
    }

    package func unlink(_ digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Bool {
        try await unlink(digest, in: repository, by: "", under: .none)
    }
}

extension ManifestStore {
    package func put(_ push: ManifestPush, in repository: RepositoryName) async throws(StoreError) -> [Digest]
    {
        try await put(push, in: repository, under: .none)
    }

    package func remove(_ digest: Digest, in repository: RepositoryName, by account: String)
        async throws(StoreError) -> [Tag]?
    {
        try await remove(digest, in: repository, by: account, under: .none)
    }

    package func remove(_ tag: Tag, in repository: RepositoryName, by account: String)
        async throws(StoreError) -> Bool
    {
        try await remove(tag, in: repository, by: account, under: .none)
    }

    package func removeRepository(_ repository: RepositoryName, by account: String = "")
        async throws(StoreError) -> Bool
    {
        try await removeRepository(repository, by: account, under: .none)
    }
}

extension TagHistory {
    package func restore(_ tag: Tag, to digest: Digest, in repository: RepositoryName, by account: String)
        async throws(StoreError) -> TagRestoration
    {
        try await restore(tag, to: digest, in: repository, by: account, under: .none)
    }

    package func restoreRepository(_ repository: RepositoryName, by account: String) async throws(StoreError)
        -> Bool
    {
        try await restoreRepository(repository, by: account, under: .none)
    }
}
