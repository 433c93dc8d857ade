package import OCI

/// One page of a list.
package struct Page<Item: Sendable & Hashable>: Sendable, Hashable {
    package let items: [Item]
    /// Whether there are items after the last of these.
    package let hasMore: Bool

    package init(items: [Item], hasMore: Bool) {
        self.items = items
        self.hasMore = hasMore
    }

    /// A page cut from a list that was asked for one item more than fits.
    init(_ items: [Item], limit: Int) {
        self.init(items: Array(items.prefix(limit)), hasMore: items.count > limit)
    }
}

/// Lists (distribution-spec, "Content Discovery").
extension Registry {
    /// One page of tags in byte order, those after `last`.
    package func tags(in repository: RepositoryName, after last: Tag?, limit: Int) async throws -> Page<Tag> {
        guard let tags = try await manifests.tags(in: repository, after: last, limit: limit + 1) else {
            throw OCIError(.nameUnknown, "there is no repository \(repository)")
        }
        return Page(tags, limit: limit)
    }

    /// One page of what refers to a manifest by its `subject`, in order of digests, those after `last`. A
    /// subject that nobody refers to, or that is not there, has an empty list.
    package func referrers(
        of digest: Digest, in repository: RepositoryName, artifactType: MediaType?, after last: Digest?,
        limit: Int
    ) async throws -> Page<Descriptor> {
        let found = try await manifests.referrers(
            of: digest, in: repository, artifactType: artifactType, after: last, limit: limit + 1)
        return Page(found, limit: limit)
    }

    /// One page of the repositories in byte order that `isVisible` lets through, those after `last`.
    ///
    /// The page is filled with visible ones, however many hidden ones lie between, and never says that there
    /// are more when all that follows is hidden.
    package func repositories(
        after last: RepositoryName?, limit: Int, isVisible: (RepositoryName) async throws -> Bool
    ) async throws -> Page<RepositoryName> {
        guard limit > 0 else { return Page(items: [], hasMore: false) }
        var found: [RepositoryName] = []
        var cursor = last
        let batch = max(limit + 1, 200)
        while true {
            let names = try await manifests.repositories(after: cursor, limit: batch)
            for name in names where try await isVisible(name) {
                guard found.count < limit else { return Page(items: found, hasMore: true) }
                found.append(name)
            }
            guard names.count == batch, let end = names.last else {
                return Page(items: found, hasMore: false)
            }
            cursor = end
        }
    }
}
