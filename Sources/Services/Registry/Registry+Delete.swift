import Logging
package import OCI

/// Removing (distribution-spec, "Content Management"). A tag, a manifest and a blob are three things, and
/// removing one leaves the others, but for the tags of a manifest that goes.
extension Registry {
    /// Removes a tag and leaves its manifest.
    package func remove(_ tag: Tag, in repository: RepositoryName, by account: String) async throws {
        let removed = try await unlessRefused {
            try await manifests.remove(
                tag, in: repository, by: account, under: policy.conditions(for: repository))
        }
        guard removed else {
            throw OCIError(.manifestUnknown, "\(repository) has no tag \(tag)")
        }
        caches.tags.remove(.init(repository: repository, item: tag))
        caches.leadingTags.removeAll()
        log("tag removed", repository, "tag", "\(tag)", by: account)
    }

    /// Removes a manifest and the tags that point to it.
    package func remove(manifest digest: Digest, in repository: RepositoryName, by account: String)
        async throws
    {
        let tags = try await unlessRefused {
            try await manifests.remove(
                digest, in: repository, by: account, under: policy.conditions(for: repository))
        }
        guard let tags else {
            throw OCIError(.manifestUnknown, "\(repository) has no manifest \(digest)")
        }
        forget(digest, tags: tags, in: repository)
        log("manifest removed", repository, "digest", "\(digest)", by: account)
    }

    /// Takes a blob out of a repository. Other repositories that hold it keep it.
    package func remove(blob digest: Digest, in repository: RepositoryName, by account: String) async throws {
        let removed = try await unlessRefused {
            try await links.unlink(
                digest, in: repository, by: account, under: policy.conditions(for: repository))
        }
        guard removed else {
            throw OCIError(.blobUnknown, "\(repository) has no blob \(digest)")
        }
        caches.blobs.remove(.init(repository: repository, item: digest))
        log("blob removed", repository, "digest", "\(digest)", by: account)
    }

    private func log(
        _ what: Logger.Message, _ repository: RepositoryName, _ key: String, _ value: String,
        by account: String
    ) {
        Logger.current.info(
            what, metadata: ["repository": "\(repository)", key: "\(value)", "account": "\(account)"])
    }
}
