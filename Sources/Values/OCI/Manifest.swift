import FoundationEssentials

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
        let document = try Document(parsing: bytes)
        let mediaType = try Self.mediaType(of: document, contentType: contentType)
        self.bytes = bytes
        self.mediaType = mediaType
        self.kind = Self.kind(of: mediaType)
        self.config = try document.config?.descriptor()
        self.subject = try document.subject?.descriptor()
        self.annotations = document.annotations ?? [:]
        switch kind {
        case .image:
            guard document.config != nil else {
                throw OCIError(.manifestInvalid, "an image manifest needs a config")
            }
            self.blobs = try Self.descriptors(document.layers)
            self.manifests = []
        case .index:
            self.blobs = []
            self.manifests = try Self.descriptors(document.manifests)
        case .artifact:
            self.blobs = try Self.descriptors(document.blobs)
            self.manifests = []
        case .unknown:
            self.blobs = []
            self.manifests = []
        }
        let own = document.artifactType.flatMap { $0.isEmpty ? nil : MediaType($0) }
        self.artifactType = own ?? (kind == .image ? config?.mediaType : nil)
    }

    private static func descriptors(_ wire: [Document.Wire]?) throws(OCIError) -> [Descriptor] {
        var found: [Descriptor] = []
        for entry in wire ?? [] { found.append(try entry.descriptor()) }
        return found
    }

    private static func mediaType(of document: Document, contentType: MediaType?) throws(OCIError)
        -> MediaType
    {
        if document.schemaVersion == 1 || contentType == .dockerSchema1 || contentType == .dockerSchema1Signed
        {
            throw OCIError(
                .manifestInvalid,
                "Docker's schema 1 is not accepted: push with a client of this decade, which sends schema 2 or OCI"
            )
        }
        let stated = document.mediaType.map { MediaType($0) }
        if let stated, let contentType, stated != contentType {
            throw OCIError(
                .manifestInvalid,
                "the manifest says it is \(stated), the Content-Type header says \(contentType)")
        }
        if let mediaType = contentType ?? stated { return mediaType }
        return document.manifests != nil ? .imageIndex : .imageManifest
    }

    private static func kind(of mediaType: MediaType) -> Kind {
        switch mediaType {
        case .imageManifest, .dockerManifest: .image
        case .imageIndex, .dockerManifestList: .index
        case .artifactManifest: .artifact
        default: .unknown
        }
    }
}

/// The parts of a manifest that the registry reads, as JSON has them.
private struct Document: Decodable {
    var schemaVersion: Int?
    var mediaType: String?
    var artifactType: String?
    var config: Wire?
    var layers: [Wire]?
    var blobs: [Wire]?
    var manifests: [Wire]?
    var subject: Wire?
    var annotations: [String: String]?

    struct Wire: Decodable {
        var mediaType: String
        var digest: String
        var size: Int64
        var artifactType: String?
        var annotations: [String: String]?
        var urls: [String]?

        func descriptor() throws(OCIError) -> Descriptor {
            guard size >= 0 else { throw OCIError(.manifestInvalid, "a descriptor's size is negative") }
            let digest: Digest
            do {
                digest = try Digest(self.digest)
            } catch {
                throw OCIError(.manifestInvalid, "a descriptor's digest is wrong: \(error.detail)")
            }
            return Descriptor(
                mediaType: MediaType(mediaType), digest: digest, size: size,
                artifactType: artifactType.map { MediaType($0) }, annotations: annotations ?? [:],
                urls: urls ?? [])
        }
    }

    init(parsing bytes: [UInt8]) throws(OCIError) {
        guard bytes.count <= Manifest.sizeMax else {
            throw OCIError(.manifestInvalid, "a manifest has at most \(Manifest.sizeMax) bytes")
        }
        do {
            self = try JSONDecoder().decode(Document.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw OCIError(.manifestInvalid, error.sentence)
        } catch {
            throw OCIError(.manifestInvalid, "the manifest is not JSON")
        }
    }
}

extension DecodingError {
    /// Where the document is wrong, in words for the person who pushed it.
    fileprivate var sentence: String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty
                ? "the manifest"
                : path.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        return switch self {
        case .keyNotFound(let key, let context): "\(place(context.codingPath)) lacks \(key.stringValue)"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "\(place(context.codingPath)) has the wrong type"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "the manifest is not JSON" : "\(place(context.codingPath)) cannot be read"
        @unknown default: "the manifest cannot be read"
        }
    }
}
