package import Contracts
import Foundation

/// An OCI image layout in a folder, made without any tool: what `skopeo copy oci:…` reads.
package final class OCILayout: Sendable {
    package struct Descriptor: Codable, Sendable {
        package var mediaType: String
        package var digest: String
        package var size: Int
        package var platform: [String: String]?
        package var annotations: [String: String]?
    }

    package static let imageType = "application/vnd.oci.image.manifest.v1+json"
    package static let indexType = "application/vnd.oci.image.index.v1+json"
    package static let configType = "application/vnd.oci.image.config.v1+json"
    package static let layerType = "application/vnd.oci.image.layer.v1.tar"

    package let folder: TemporaryFolder

    package var path: String { folder.path }

    package init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: path + "/blobs/sha256", withIntermediateDirectories: true)
        try write(#"{"imageLayoutVersion":"1.0.0"}"#, to: "oci-layout")
    }

    private func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    }

    /// Adds a blob.
    package func add(_ bytes: [UInt8], as mediaType: String) throws -> Descriptor {
        let digest = sha256(bytes)
        try Data(bytes).write(to: URL(filePath: "\(path)/blobs/sha256/\(digest.dropFirst(7))"))
        return Descriptor(mediaType: mediaType, digest: digest, size: bytes.count)
    }

    /// Adds an image: its layers are tar archives, not compressed.
    package func addImage(layers: [[UInt8]], architecture: String = "amd64", command: [String] = []) throws
        -> Descriptor
    {
        let platform = ["os": "linux", "architecture": architecture]
        let config = ImageConfig(
            architecture: architecture, os: "linux", config: .init(command: command),
            rootfs: .init(type: "layers", digests: layers.map(sha256)))
        let manifest = ImageManifest(
            schemaVersion: 2, mediaType: Self.imageType, config: try add(json(config), as: Self.configType),
            layers: try layers.map { try add($0, as: Self.layerType) })
        var descriptor = try add(json(manifest), as: Self.imageType)
        descriptor.platform = platform
        return descriptor
    }

    /// Adds an index over what was added before.
    package func addIndex(of manifests: [Descriptor]) throws -> Descriptor {
        let index = ImageIndex(schemaVersion: 2, mediaType: Self.indexType, manifests: manifests)
        return try add(json(index), as: Self.indexType)
    }

    /// Names the one manifest that this layout is about; returns how skopeo calls it.
    package func tag(_ descriptor: Descriptor, _ name: String) throws -> String {
        var named = descriptor
        named.annotations = ["org.opencontainers.image.ref.name": name]
        let index = ImageIndex(schemaVersion: 2, mediaType: Self.indexType, manifests: [named])
        try write(String(decoding: json(index), as: UTF8.self), to: "index.json")
        return "oci:\(path):\(name)"
    }

    private func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

private struct ImageConfig: Encodable {
    struct Run: Encodable {
        let command: [String]

        enum CodingKeys: String, CodingKey { case command = "Cmd" }
    }

    struct RootFS: Encodable {
        let type: String
        let digests: [String]

        enum CodingKeys: String, CodingKey {
            case type
            case digests = "diff_ids"
        }
    }

    let architecture: String
    let os: String
    let config: Run
    let rootfs: RootFS
}

private struct ImageManifest: Encodable {
    let schemaVersion: Int
    let mediaType: String
    let config: OCILayout.Descriptor
    let layers: [OCILayout.Descriptor]
}

private struct ImageIndex: Encodable {
    let schemaVersion: Int
    let mediaType: String
    let manifests: [OCILayout.Descriptor]
}
