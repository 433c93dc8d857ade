package import FoundationEssentials
package import OCI
package import ServerKit

/// What nothing needs any more, found and forgotten in small steps beside pushes.
///
/// A manifest rests from the moment on when no tag points to it, a blob in a repository when no manifest of
/// that repository refers to it; pushing it again, or `noteUse`, begins the rest anew. Finding changes
/// nothing and makes nobody wait. Removing looks again, inside the transaction: what is needed by then stays.
///
/// Every backend passes `checkGarbageStoreContract`.
package protocol GarbageStore: Sendable {
    /// One page of what is garbage by `rule`, of those after `last`, which is the `next` of the page before.
    func garbage(of kind: GarbageKind, by rule: GarbageRule, after last: String?, limit: Int)
        async throws(StoreError) -> GarbagePage

    /// Removes the first of these that still are garbage, as many as take a few milliseconds, and at least
    /// one; says how many it has dealt with. What is large goes in several calls.
    func remove(_ garbage: [Garbage], of kind: GarbageKind, by rule: GarbageRule)
        async throws(StoreError) -> GarbageRemoval

    /// Notes that somebody asked for a blob or a manifest of this repository, so that what is at rest is
    /// taken for fresh. Returns when that is durable; false when it is no longer there.
    func noteUse(of digest: Digest, in repository: RepositoryName) async throws(StoreError) -> Bool

    /// Those of `digests` that no blob's row knows. With `remove`, that is called for each of them inside a
    /// transaction that nothing can cross which makes a row point at one.
    func strays(among digests: [Digest], remove: (@Sendable (Digest) throws -> Void)?)
        async throws(StoreError) -> [Digest]

    /// Forgets up to `limit` of the oldest lines of tags' histories: those from before `moment`, and those
    /// beyond the newest `countMax`. Returns how many went.
    func trimHistory(before moment: Date, countMax: Int, limit: Int) async throws(StoreError) -> Int
}

/// What can be garbage.
package enum GarbageKind: Sendable, Hashable, CaseIterable {
    /// Manifests that no tag, no index, no subject and no undo needs.
    case manifests
    /// Blobs that a repository holds and none of its manifests refers to.
    case links
    /// Repositories that were removed long enough ago, and those that hold nothing.
    case repositories
    /// Blobs that no repository will hold once the others are gone: what a dry run counts. They are removed
    /// by `BlobLinks.collect`.
    case blobs
}

/// What counts as garbage.
package struct GarbageRule: Sendable, Hashable {
    /// What has been at rest since this moment may go.
    package let restingSince: Date
    /// Whether a manifest without a tag stays, for people who pull by digest alone. One that names a subject
    /// lives with it all the same.
    package let keepsUntagged: Bool

    package init(restingSince: Date, keepsUntagged: Bool = false) {
        self.restingSince = restingSince
        self.keepsUntagged = keepsUntagged
    }
}

/// Something that is garbage, as the store itself names it.
package struct Garbage: Sendable, Hashable {
    package let key: String
    /// The bytes of a manifest or a blob; of a repository, those of its manifests.
    package let size: Int64
    /// How many manifests it is or holds.
    package let manifests: Int

    package init(key: String, size: Int64, manifests: Int = 0) {
        self.key = key
        self.size = size
        self.manifests = manifests
    }
}

package struct GarbagePage: Sendable, Hashable {
    package let items: [Garbage]
    /// Where to go on; nil at the end. There may be more also where a page has no items.
    package let next: String?

    package init(items: [Garbage], next: String?) {
        self.items = items
        self.next = next
    }
}

/// What one step removed.
package struct GarbageRemoval: Sendable, Hashable {
    /// How many of what it was given, from the first on, need not be asked for again.
    package var done = 0
    package var manifests = 0
    package var repositories = 0
    /// In bytes, of manifests.
    package var size: Int64 = 0

    package init() {}
}
