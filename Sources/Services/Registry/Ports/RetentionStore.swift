package import FoundationEssentials
package import OCI
package import ServerKit

/// The tags of a repository by the time they were pushed.
///
/// Every backend passes `checkRetentionStoreContract`.
package protocol RetentionStore: Sendable {
    /// One page of tags, the one that was pushed last first and of those pushed at the same time the last in
    /// byte order, those that come after `last`. Empty for a repository that is not there.
    func tagsByPush(in repository: RepositoryName, after last: PushedTag?, limit: Int)
        async throws(StoreError) -> [PushedTag]

    /// Removes those of `tags` that still point where it says and were not pushed since, in one transaction,
    /// and leaves their manifests; returns them in the order given. The history of each says that `account`
    /// did it. Tags that are kept are left alone.
    func remove(
        _ tags: [PushedTag], in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> [Tag]
}

/// A tag, where it points, and when it was pushed last, moved or not.
package struct PushedTag: Sendable, Hashable {
    package let tag: Tag
    package let digest: Digest
    package let pushedAt: Date

    package init(tag: Tag, digest: Digest, pushedAt: Date) {
        self.tag = tag
        self.digest = digest
        self.pushedAt = pushedAt
    }
}
