import OCI
import Registry

/// The keys of everything in a bucket: the one place that knows. They are the names that the same things have in a
/// folder, which are those of distribution's registry, so that either can be copied to the other.
struct Places: Sendable {
    /// Ends with a slash, or is empty.
    private let prefix: String

    init(prefix: String) { self.prefix = prefix.isEmpty ? "" : prefix + "/" }

    /// Whose the bucket is.
    var owner: String { "\(prefix)homeport-owner" }

    var blobs: String { "\(prefix)\(DistributionLayout.blobs)/" }
    var uploads: String { "\(prefix)\(DistributionLayout.uploads)/" }

    /// What distribution's registry knows of the blobs. While it is here, they may be its own.
    var foreignMetadata: String { "\(prefix)\(DistributionLayout.repositories)/" }

    func folder(of algorithm: Digest.Algorithm) -> String { "\(blobs)\(algorithm.rawValue)/" }

    func blob(_ digest: Digest) -> String { "\(blobs)\(DistributionLayout.place(of: digest))" }

    /// The digest whose blob has this key.
    func digest(of key: String) -> Digest? {
        let parts = key.dropFirst(blobs.count).split(separator: "/", omittingEmptySubsequences: false)
        guard key.hasPrefix(blobs), parts.count == 4, let digest = try? Digest("\(parts[0]):\(parts[2])"),
            blob(digest) == key
        else { return nil }
        return digest
    }

    /// All that an upload has begins so. An identifier is hex digits only, so it cannot lead elsewhere.
    func folder(of id: UploadID) -> String { "\(uploads)\(id)/" }

    /// What says that there is an upload, first to come and first to go.
    func mark(of id: UploadID) -> String { "\(folder(of: id))begun" }

    func piece(_ number: Int, of id: UploadID) -> String {
        let digits = String(number)
        return folder(of: id) + String(repeating: "0", count: max(0, 5 - digits.utf8.count)) + digits
    }

    func uploadID(ofFolder folder: String) -> UploadID? {
        guard folder.hasPrefix(uploads), folder.hasSuffix("/") else { return nil }
        return UploadID(folder.dropFirst(uploads.count).dropLast())
    }

    /// Where damaged bytes of a digest are kept; further ones have other numbers.
    func damaged(_ digest: Digest, number: Int) -> String {
        "\(damaged(digest))\(number > 1 ? "-\(number)" : "")"
    }

    func damaged(_ digest: Digest) -> String { "\(prefix)damaged/\(digest.algorithm.rawValue)-\(digest.hex)" }
}
