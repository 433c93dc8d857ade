/// A pointer to content: its type, digest and size (image-spec, descriptor.md).
package struct Descriptor: Hashable, Sendable {
    package let mediaType: MediaType
    package let digest: Digest
    /// In bytes.
    package let size: Int64
    package var artifactType: MediaType?
    package var annotations: [String: String]
    /// Where else the content may be had. Layers that name such places need not be in the registry.
    package var urls: [String]

    package init(
        mediaType: MediaType, digest: Digest, size: Int64, artifactType: MediaType? = nil,
        annotations: [String: String] = [:], urls: [String] = []
    ) {
        self.mediaType = mediaType
        self.digest = digest
        self.size = size
        self.artifactType = artifactType
        self.annotations = annotations
        self.urls = urls
    }

    /// Whether this is a layer that a registry may not hold ("foreign" or non-distributable).
    package var isNonDistributable: Bool {
        !urls.isEmpty || mediaType.text.contains("nondistributable")
            || mediaType.text.contains("rootfs.foreign")
    }
}
