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
        let bare = header.utf8.prefix { $0 != UInt8(ascii: ";") }
        let start = bare.drop { $0.isBlank }
        let end = start.reversed().drop { $0.isBlank }.reversed()
        self.init(String(decoding: end, as: UTF8.self).lowercased())
    }

    /// Whether it is one of the types whose manifests this registry reads.
    package var isKnownManifest: Bool {
        switch self {
        case .imageManifest, .imageIndex, .artifactManifest, .dockerManifest, .dockerManifestList: true
        default: false
        }
    }

    /// Whether it is written `type/subtype` as RFC 6838 allows, each part at most 127 bytes.
    package var isWellFormed: Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                (1...127).contains(part.count) && part.allSatisfy(\.isMediaTypeCharacter)
            }
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

    fileprivate var isMediaTypeCharacter: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
            UInt8(ascii: "&"), UInt8(ascii: "-"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: "+"):
            true
        default: false
        }
    }
}

extension MediaType: CustomStringConvertible {
    package var description: String { text }
}
