/// A manifest as it was pushed: the bytes, which are never written anew, and what the registry reads from
/// them.
package struct Manifest: Sendable {
    /// What kind of document it is, which decides what it references.
    package enum Kind: String, Sendable {
        /// An OCI image manifest or Docker's schema 2: one config and layers.
        case image
        /// An OCI index or Docker's manifest list: further manifests.
        case index
        /// The withdrawn OCI artifact manifest: blobs.
        case artifact
        /// A type this registry does not know: stored, never looked into except for `subject`.
        case unknown
    }

    package let bytes: [UInt8]
    package let mediaType: MediaType
    package let kind: Kind
    package let config: Descriptor?
    /// Layers of an image, blobs of an artifact.
    package let blobs: [Descriptor]
    /// Manifests of an index.
    package let manifests: [Descriptor]
    package let subject: Descriptor?
    /// What the referrers list shows as `artifactType`: the field, or else the config's type of an image
    /// manifest.
    package let artifactType: MediaType?
    package let annotations: [String: String]

    /// The largest manifest, in bytes. The spec asks for at least 4 MiB.
    package static let sizeMax = 4 << 20

    /// Reads what was pushed.
    ///
    /// - Parameter contentType: the request's `Content-Type`, which must agree with the document's
    /// `mediaType`.
    package init(_ bytes: [UInt8], contentType: MediaType?) throws(OCIError) {
        guard bytes.count <= Self.sizeMax else {
            throw OCIError(.manifestInvalid, "a manifest has at most \(Self.sizeMax) bytes")
        }
        let isForeign = contentType.map { Self.kind(of: $0) == .unknown } ?? false
        let document = isForeign ? ManifestDocument(guessing: bytes) : try ManifestDocument(parsing: bytes)
        let mediaType = try Self.mediaType(of: document, contentType: contentType)
        let kind = Self.kind(of: mediaType)
        try Self.checkShape(document, kind)
        let config = try document.config?.descriptor()

        self.bytes = bytes
        self.mediaType = mediaType
        self.kind = kind
        self.config = kind == .image ? config : nil
        self.subject = try document.subject?.descriptor()
        self.annotations = document.annotations ?? [:]
        self.blobs =
            switch kind {
            case .image: try Self.descriptors(document.layers)
            case .artifact: try Self.descriptors(document.blobs)
            case .index, .unknown: []
            }
        self.manifests = kind == .index ? try Self.descriptors(document.manifests) : []
        let own = document.artifactType.flatMap { $0.isEmpty ? nil : MediaType($0) }
        self.artifactType = own ?? (kind == .image ? config?.mediaType : nil)
    }

    /// The digest of what a manifest of this kind cannot do without: its config, its layers but those that a
    /// registry may not hold, its blobs. Without doubles, in the order written. The `subject` is not among
    /// them: it may come later, or never.
    package var requiredBlobs: [Digest] {
        let layers = blobs.filter { !$0.isNonDistributable }
        return ((config.map { [$0] } ?? []) + layers).map(\.digest).withoutDoubles()
    }

    /// The digests of the manifests an index lists, without doubles, in the order written.
    package var requiredManifests: [Digest] { manifests.map(\.digest).withoutDoubles() }

    private static func descriptors(_ wire: [ManifestDocument.Wire]?) throws(OCIError) -> [Descriptor] {
        var found: [Descriptor] = []
        for entry in wire ?? [] { found.append(try entry.descriptor()) }
        return found
    }

    private static func mediaType(of document: ManifestDocument, contentType: MediaType?) throws(OCIError)
        -> MediaType
    {
        let stated = document.mediaType.map { MediaType($0) }
        let isSchema1 =
            [contentType, stated].contains(.dockerSchema1)
            || [contentType, stated].contains(.dockerSchema1Signed)
        let isUntyped = contentType == nil && stated == nil
        if isSchema1
            || document.schemaVersion == 1 && (isUntyped || kind(of: contentType ?? stated) != .unknown)
        {
            throw OCIError(
                .manifestInvalid,
                "Docker's schema 1 is not accepted: push with a client of this decade, which sends schema 2 or OCI"
            )
        }
        if let stated, let contentType, stated != contentType {
            throw OCIError(
                .manifestInvalid,
                "the manifest says it is \(stated), the Content-Type header says \(contentType)")
        }
        let mediaType = contentType ?? stated ?? (document.manifests != nil ? .imageIndex : .imageManifest)
        guard mediaType.isWellFormed else {
            throw OCIError(.manifestInvalid, "a media type is written type/subtype")
        }
        return mediaType
    }

    /// Refuses what two readers could take for different things: an image that also lists manifests, an index
    /// that also has layers (CVE-2021-41190).
    private static func checkShape(_ document: ManifestDocument, _ kind: Kind) throws(OCIError) {
        switch kind {
        case .image:
            guard document.config != nil else {
                throw OCIError(.manifestInvalid, "an image manifest needs a config")
            }
            guard document.manifests?.isEmpty ?? true else {
                throw OCIError(.manifestInvalid, "an image manifest cannot also list manifests")
            }
        case .index:
            guard document.layers?.isEmpty ?? true, document.config == nil else {
                throw OCIError(.manifestInvalid, "an index cannot also have a config or layers")
            }
        case .artifact, .unknown:
            break
        }
    }

    private static func kind(of mediaType: MediaType?) -> Kind {
        switch mediaType {
        case .imageManifest?, .dockerManifest?: .image
        case .imageIndex?, .dockerManifestList?: .index
        case .artifactManifest?: .artifact
        default: .unknown
        }
    }
}

extension [Digest] {
    fileprivate func withoutDoubles() -> [Digest] {
        var seen: Set<Digest> = []
        return filter { seen.insert($0).inserted }
    }
}
