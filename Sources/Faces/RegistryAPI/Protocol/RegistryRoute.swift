import OCI

/// What a request asks of the registry: the distribution spec's table of endpoints as one type.
///
/// A repository's name holds slashes, and its components may be `blobs`, `manifests` or `uploads` like the
/// fixed words of the paths. So a path is read from its end, where the fixed words are: the last two
/// components say what it is (three for an upload), and everything before is the name.
enum RegistryRoute: Hashable, Sendable {
    case base
    case blob(RepositoryName, Digest)
    case manifest(RepositoryName, Reference)
    case uploads(RepositoryName)
    /// The identifier is what the client sent; it may be no upload's.
    case upload(RepositoryName, id: String)
    case tags(RepositoryName)
    case referrers(RepositoryName, Digest)
    case catalog

    /// Reads the path of a request, as it was sent.
    ///
    /// Percent-escapes are read before the path is cut, so `%2F` is a slash and `%3A` a colon wherever they
    /// stand. One slash at the end makes no difference; empty components elsewhere make a name invalid.
    ///
    /// - Returns: nil when the path is not the registry's or none of its endpoints.
    init?(path: String) throws(OCIError) {
        guard Self.isRegistryPath(path) else { return nil }
        guard let text = PercentCoding.decoded(path[...]) else {
            throw OCIError(.nameInvalid, "the path has a percent-escape that is none, or is not UTF-8")
        }
        var parts = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2)
        if parts.last?.isEmpty == true { parts.removeLast() }
        if parts.isEmpty {
            self = .base
        } else if parts.elementsEqual(["_catalog"]) {
            self = .catalog
        } else {
            guard parts.count > 2 else { return nil }
            try self.init(parts: Array(parts))
        }
    }

    private init?(parts: [Substring]) throws(OCIError) {
        let last = parts[parts.count - 1]
        switch (parts[parts.count - 3], parts[parts.count - 2], last) {
        case ("blobs", "uploads", _) where parts.count > 3:
            self = .upload(try Self.name(parts.dropLast(3)), id: String(last))
        case (_, "blobs", "uploads"): self = .uploads(try Self.name(parts.dropLast(2)))
        case (_, "blobs", _): self = .blob(try Self.name(parts.dropLast(2)), try Digest(last))
        case (_, "manifests", _): self = .manifest(try Self.name(parts.dropLast(2)), try Reference(last))
        case (_, "tags", "list"): self = .tags(try Self.name(parts.dropLast(2)))
        case (_, "referrers", _): self = .referrers(try Self.name(parts.dropLast(2)), try Digest(last))
        default: return nil
        }
    }

    /// Whether the path is `/v2` or below.
    static func isRegistryPath(_ path: String) -> Bool {
        let bytes = path.utf8
        return bytes.starts(with: "/v2".utf8)
            && (bytes.count == 3 || bytes.dropFirst(3).first == UInt8(ascii: "/"))
    }

    private static func name(_ parts: ArraySlice<Substring>) throws(OCIError) -> RepositoryName {
        guard let first = parts.first, let end = parts.last?.endIndex else {
            throw OCIError(.nameInvalid, "the path names no repository")
        }
        // The parts lie side by side in one string, slashes included.
        return try RepositoryName(first.base[first.startIndex..<end])
    }

    /// The name of the route in metrics and logs: a closed set.
    var label: RouteLabel {
        switch self {
        case .base: .base
        case .blob: .blob
        case .manifest: .manifest
        case .uploads, .upload: .upload
        case .tags: .tags
        case .referrers: .referrers
        case .catalog: .catalog
        }
    }
}

/// The routes as a metric's label names them.
enum RouteLabel: String, CaseIterable, Sendable {
    case base, blob, manifest, upload, tags, referrers, catalog, none
}
