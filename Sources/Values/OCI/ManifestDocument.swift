import FoundationEssentials

/// The parts of a manifest that the registry reads, as JSON has them.
struct ManifestDocument: Decodable {
    var schemaVersion: Int?
    var mediaType: String?
    var artifactType: String?
    var config: Wire?
    var layers: [Wire]?
    var blobs: [Wire]?
    var manifests: [Wire]?
    var subject: Wire?
    var annotations: [String: String]?

    /// A descriptor (image-spec, descriptor.md).
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

    private enum CodingKeys: String, CodingKey {
        case schemaVersion, mediaType, artifactType, config, layers, blobs, manifests, subject, annotations
    }

    /// Reads a manifest of a known type, in which every field must be what the image spec says.
    init(parsing bytes: [UInt8]) throws(OCIError) {
        switch JSONForm.fault(of: bytes) {
        case nil: break
        case .notJSON:
            throw OCIError(
                .manifestInvalid,
                "the manifest is not JSON: it has to be one object in UTF-8, to the letter of RFC 8259")
        case .twice(let name):
            throw OCIError(
                .manifestInvalid,
                "the manifest has \(name) twice in one object: clients may take either; keep one")
        }
        do {
            self = try JSONDecoder().decode(ManifestDocument.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw OCIError(.manifestInvalid, error.sentence)
        } catch {
            throw OCIError(.manifestInvalid, "the manifest is not JSON")
        }
    }

    /// Reads what can be understood of a document of an unknown type, which need not even be JSON.
    init(guessing bytes: [UInt8]) {
        guard let guess = try? JSONDecoder().decode(Guess.self, from: Data(bytes)) else { return }
        mediaType = guess.mediaType
        artifactType = guess.artifactType
        subject = guess.subject
        annotations = guess.annotations
    }

    /// The fields that mean the same in every type, each read only if it has the usual form.
    private struct Guess: Decodable {
        var mediaType: String?
        var artifactType: String?
        var subject: Wire?
        var annotations: [String: String]?

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            mediaType = try? fields.decode(String.self, forKey: .mediaType)
            artifactType = try? fields.decode(String.self, forKey: .artifactType)
            subject = try? fields.decode(Wire.self, forKey: .subject)
            annotations = try? fields.decode([String: String].self, forKey: .annotations)
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
