import OCI
import Registry

/// Where everything lies below the root: the one place that knows. Blobs lie as distribution's registry lays
/// them, so that its folder can be taken over as it is; `docs/format.md` says the same for people.
struct Layout: Sendable {
    let root: String

    init(root: String) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    var base: String { "\(root)/\(DistributionLayout.base)" }

    var blobs: String { "\(root)/\(DistributionLayout.blobs)" }

    var uploads: String { "\(root)/\(DistributionLayout.uploads)" }

    /// What distribution's registry knows of the blobs. While it is here, they may be its own.
    var foreignMetadata: String { "\(root)/\(DistributionLayout.repositories)" }

    func folder(of algorithm: Digest.Algorithm) -> String { "\(blobs)/\(algorithm.rawValue)" }

    /// The folder of all digests that begin with the same two digits. Once made, it stays.
    func shelf(of digest: Digest) -> String { "\(blobs)/\(DistributionLayout.shelf(of: digest))" }

    /// The blob's own folder, which goes with the blob.
    func folder(of digest: Digest) -> String { "\(blobs)/\(DistributionLayout.folder(of: digest))" }

    func data(of digest: Digest) -> String { "\(blobs)/\(DistributionLayout.place(of: digest))" }

    /// An upload's bytes. An identifier is hex digits only, so it cannot lead elsewhere.
    func upload(_ id: UploadID) -> String { "\(uploads)/\(id)" }

    /// A second name of an upload, for the moment in which it takes the place of a damaged blob.
    func replacement(_ id: UploadID) -> String { "\(upload(id))\(Self.replacementSuffix)" }

    /// Where damaged files are kept: beside the registry's own folder, for people.
    var quarantine: String { "\(root)/damaged" }

    /// The place of a damaged file; further ones of the same digest have other numbers.
    func quarantined(_ digest: Digest, number: Int) -> String {
        "\(quarantine)/\(digest.algorithm.rawValue)-\(digest.hex)\(number > 1 ? "-\(number)" : "")"
    }

    /// The upload that a name in the folder of uploads belongs to.
    static func uploadID(ofName name: String) -> UploadID? {
        let isReplacement = name.hasSuffix(replacementSuffix)
        return UploadID(isReplacement ? name.dropLast(replacementSuffix.count) : name[...])
    }

    private static let replacementSuffix = ".replacement"
}
