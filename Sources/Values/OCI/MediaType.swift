/// The type of a manifest or blob, as the image spec and Docker name them. Unknown ones are kept as they
/// came.
package struct MediaType: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static let imageManifest = MediaType("application/vnd.oci.image.manifest.v1+json")
    package static let imageIndex = MediaType("application/vnd.oci.image.index.v1+json")
    package static let artifactManifest = MediaType("application/vnd.oci.artifact.manifest.v1+json")
    package static let dockerManifest = MediaType("application/vnd.docker.distribution.manifest.v2+json")
    package static let dockerManifestList = MediaType(
        "application/vnd.docker.distribution.manifest.list.v2+json")
    package static let dockerSchema1 = MediaType("application/vnd.docker.distribution.manifest.v1+json")
    package static let dockerSchema1Signed = MediaType(
        "application/vnd.docker.distribution.manifest.v1+prettyjws")
    package static let emptyJSON = MediaType("application/vnd.oci.empty.v1+json")
    package static let octetStream = MediaType("application/octet-stream")

    /// The type before any `; charset=…`, lower case, as it is compared.
    package init(headerValue header: String) {
        let bare = header.split(separator: ";", maxSplits: 1).first ?? ""
        let start = bare.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        self.init(Substring(start).lowercased().replacing(" ", with: ""))
    }
}

extension MediaType: CustomStringConvertible {
    package var description: String { text }
}
