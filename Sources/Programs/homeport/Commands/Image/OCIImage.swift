internal import FoundationEssentials

/// The few words of the image format that the program writes itself: always the same bytes for the same image.
enum OCIImage {
    static let manifestType = "application/vnd.oci.image.manifest.v1+json"
    static let indexType = "application/vnd.oci.image.index.v1+json"
    static let configType = "application/vnd.oci.image.config.v1+json"
    static let layerType = "application/vnd.oci.image.layer.v1.tar+gzip"
    static let emptyType = "application/vnd.oci.empty.v1+json"

    struct Descriptor: Encodable {
        let mediaType: String
        let digest: String
        let size: Int
    }

    private struct Manifest: Encodable {
        let schemaVersion = 2
        let mediaType = OCIImage.manifestType
        let config: Descriptor
        let layers: [Descriptor]
    }

    /// The manifest of an image, each part with its media type.
    static func manifest(config: (type: String, bytes: [UInt8]), layers: [(type: String, bytes: [UInt8])])
        -> [UInt8]
    {
        func descriptor(_ part: (type: String, bytes: [UInt8])) -> Descriptor {
            Descriptor(
                mediaType: part.type, digest: RegistrySession.digest(part.bytes), size: part.bytes.count)
        }
        return encoded(Manifest(config: descriptor(config), layers: layers.map(descriptor)))
    }

    /// JSON in one line, its keys in order.
    static func encoded(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(value))
        } catch {
            preconditionFailure("texts and numbers always make JSON: \(error)")
        }
    }
}
