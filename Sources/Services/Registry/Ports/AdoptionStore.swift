package import FoundationEssentials
package import OCI
package import ServerKit

/// Keeps what another registry kept, as it was there: with its dates, and also where a client could not have
/// pushed it.
///
/// Every backend passes `checkAdoptionStoreContract`. Each call is one transaction that is durable when it
/// returns, so that what was cut off can be gone on with by doing all of it again.
package protocol AdoptionStore: Sendable {
    /// Adds a manifest to a repository, which comes into being with it; false when it is there, and then
    /// nothing is changed. What it refers to need not be there, and `tags` are not looked at.
    func adopt(_ push: ManifestPush, in repository: RepositoryName) async throws(StoreError) -> Bool

    /// Points a tag where it pointed, with its history, unless this repository knows of the tag already.
    func adopt(_ tag: AdoptedTag, in repository: RepositoryName) async throws(StoreError) -> TagAdoption
}

/// A tag of a registry that is taken over.
package struct AdoptedTag: Sendable, Hashable {
    package struct Move: Sendable, Hashable {
        package let digest: Digest
        package let date: Date

        package init(digest: Digest, date: Date) {
            self.digest = digest
            self.date = date
        }
    }

    package let tag: Tag
    /// Where it pointed before, the oldest first.
    package let earlier: [Move]
    package let current: Move

    package init(_ tag: Tag, earlier: [Move] = [], current: Move) {
        self.tag = tag
        self.earlier = earlier
        self.current = current
    }
}

/// What came of a tag that was to be taken over.
package enum TagAdoption: Sendable, Hashable {
    case new
    /// It points there already.
    case known
    /// It points elsewhere, and is left there.
    case elsewhere(Digest)
    /// It was here and was removed; it stays so.
    case removed
    /// The repository does not have what it points to.
    case targetMissing
}
