package import OCI

/// What distribution's registry calls things below the root of its storage. Blobs lie so in a folder and in a bucket
/// alike, so that either can be taken over as it is, and copied to the other.
package enum DistributionLayout {
    package static let base = "docker/registry/v2"

    package static let blobs = "\(base)/blobs"

    /// Of this program's own.
    package static let uploads = "\(base)/uploads-in-progress"

    /// What that registry knows of the blobs. While it is here, they may be its own.
    package static let repositories = "\(base)/repositories"

    /// The folder of all digests that begin with the same two digits, below `blobs`.
    package static func shelf(of digest: Digest) -> String {
        "\(digest.algorithm.rawValue)/\(digest.hex.prefix(shelfLength))"
    }

    /// The folder of a blob's own, below `blobs`.
    package static func folder(of digest: Digest) -> String { "\(shelf(of: digest))/\(digest.hex)" }

    /// Where a blob's bytes lie below `blobs`.
    package static func place(of digest: Digest) -> String { "\(folder(of: digest))/data" }

    package static let shelfLength = 2
}
