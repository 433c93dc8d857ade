package import FoundationEssentials
package import OCI
package import ServerKit

/// Where tags pointed, and the way back: what was overwritten or removed can be restored until a collection
/// has taken it.
///
/// Every backend passes `checkTagHistoryContract`.
package protocol TagHistory: Sendable {
    /// One page of what happened to a tag, or to all tags of a repository, the newest first, those before
    /// `last`; also of repositories that are gone. The removal of the whole repository is part of each tag's
    /// history.
    func history(of tag: Tag?, in repository: RepositoryName, before last: TagMove.ID?, limit: Int)
        async throws(StoreError) -> [TagMove]

    /// Points a tag at a manifest that the repository holds, or that was removed from it and is not collected
    /// yet. Such a manifest is brought back with all it needs: its blobs, the manifests it lists, and what
    /// refers to it by `subject`. All in one transaction, which the tag's history names a restoration.
    ///
    /// Refused when the tag is pinned to another manifest, or when there is no room.
    func restore(
        _ tag: Tag, to digest: Digest, in repository: RepositoryName, by account: String,
        under conditions: RepositoryConditions
    ) async throws(StoreError) -> TagRestoration

    /// Brings back the repository of this name that was removed last, with its tags; false when there is
    /// none. Throws `.conflict` when there is a repository of this name again.
    /// Refused when there is no room.
    func restoreRepository(
        _ repository: RepositoryName, by account: String, under conditions: RepositoryConditions
    ) async throws(StoreError) -> Bool
}

/// What came of restoring a tag.
package enum TagRestoration: Sendable, Hashable {
    /// It points there now.
    case restored
    /// It did already.
    case unchanged
    /// The manifest is not there any more.
    case collected
    /// The manifest is there, but these that it needs are not.
    case incomplete([Digest])
}

/// A line of a tag's history.
package struct TagMove: Sendable, Hashable {
    package typealias ID = Int64

    package enum Kind: String, Sendable, CaseIterable {
        case pushed, removed, restored
    }

    /// Larger for what happened later.
    package let id: ID
    package let kind: Kind
    /// Nil for the whole repository.
    package let tag: Tag?
    package let date: Date
    /// Who did it; empty for somebody anonymous.
    package let account: String
    /// Nil when it was new.
    package let from: Digest?
    /// Nil when it was removed.
    package let to: Digest?

    package init(
        id: ID, kind: Kind, tag: Tag?, date: Date, account: String, from: Digest?, to: Digest?
    ) {
        self.id = id
        self.kind = kind
        self.tag = tag
        self.date = date
        self.account = account
        self.from = from
        self.to = to
    }
}
