package import FoundationEssentials
package import OCI
package import ServerKit

/// A registry of another program whose data is taken over, read where it lies. Nothing of it is changed.
///
/// What cannot be read is told, never guessed: each list comes with what was left out and why.
package protocol ForeignRegistry: Sendable {
    /// Its repositories, in byte order.
    func repositories() async throws(StoreError) -> ForeignCatalogue

    /// What a repository holds.
    func contents(of repository: RepositoryName) async throws(StoreError) -> ForeignRepository

    /// The size of a blob or manifest in bytes; nil when its bytes are not there. Throws `.damaged` when
    /// something else is in their place.
    func size(of digest: Digest) async throws(StoreError) -> Int64?

    /// Opens a blob or manifest for reading. Throws `.missing` when its bytes are not there.
    func open(_ digest: Digest) async throws(StoreError) -> any StoredBlob

    /// Makes the store of blobs hold this blob too, without copying its bytes, durably. Throws `.conflict`
    /// when the store has other bytes under the same name: those stay.
    func share(_ digest: Digest, size: Int64) async throws(StoreError)

    /// Whether the store of blobs holds this blob.
    ///
    /// Synchronous and quick: it is asked inside the transaction that makes a row point at the bytes.
    func isShared(_ digest: Digest, size: Int64) throws(StoreError) -> Bool
}

/// The repositories of a registry that is taken over.
package struct ForeignCatalogue: Sendable {
    package var names: [RepositoryName] = []
    package var omissions: [Omission] = []

    package init() {}
}

/// What a repository of a registry that is taken over holds.
package struct ForeignRepository: Sendable {
    /// A manifest, and since when it is there.
    package struct Revision: Sendable, Hashable {
        package let digest: Digest
        package let date: Date

        package init(digest: Digest, date: Date) {
            self.digest = digest
            self.date = date
        }
    }

    package var blobs: [Digest] = []
    package var manifests: [Revision] = []
    package var tags: [AdoptedTag] = []
    package var omissions: [Omission] = []

    package init() {}
}

/// Something that is not taken over, and why.
package struct Omission: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case repository, blob, manifest, tag, upload
    }

    package let kind: Kind
    /// As it was found, which need not be a name that this registry takes. Text of somebody else.
    package let repository: String
    /// Which blob, manifest or tag; empty for a repository. Text of somebody else.
    package let name: String
    package let reason: String

    package init(_ kind: Kind, _ repository: String, _ name: String, _ reason: String) {
        self.kind = kind
        self.repository = repository
        self.name = name
        self.reason = reason
    }
}
