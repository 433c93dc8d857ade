import Contracts
import Foundation
import OCI

/// A data folder as distribution writes it, file by file, whole or broken as a test wants it.
struct OldRegistry {
    let folder: TemporaryFolder

    var root: String { folder.path }
    private var base: String { root + "/docker/registry/v2" }

    init() throws {
        folder = try TemporaryFolder()
        for name in ["blobs", "repositories"] {
            try FileManager.default.createDirectory(
                atPath: "\(base)/\(name)", withIntermediateDirectories: true)
        }
    }

    func path(of digest: Digest) -> String {
        "\(base)/blobs/\(digest.algorithm)/\(digest.hex.prefix(2))/\(digest.hex)/data"
    }

    func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

    func write(_ bytes: [UInt8], to path: String) throws {
        let whole = path.hasPrefix("/") ? path : "\(base)/repositories/\(path)"
        let url = URL(filePath: whole)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    @discardableResult
    func addBlob(_ bytes: [UInt8], to repository: String, links: Bool = true) throws -> Digest {
        let digest = Samples.digest(of: bytes)
        try write(bytes, to: path(of: digest))
        if links { try link(digest, "\(repository)/_layers/\(digest.algorithm)/\(digest.hex)/link") }
        return digest
    }

    func link(_ digest: Digest, _ path: String) throws { try write(digest.description, to: path) }

    @discardableResult
    func addManifest(_ bytes: [UInt8], to repository: String, tag: String? = nil) throws -> Digest {
        let digest = try addBlob(bytes, to: repository, links: false)
        try link(digest, "\(repository)/_manifests/revisions/\(digest.algorithm)/\(digest.hex)/link")
        if let tag { try point(tag, at: digest, in: repository) }
        return digest
    }

    func point(_ tag: String, at digest: Digest, in repository: String) throws {
        let path = "\(repository)/_manifests/tags/\(tag)"
        try link(digest, "\(path)/index/\(digest.algorithm)/\(digest.hex)/link")
        try link(digest, "\(path)/current/link")
    }

    /// An image of one layer that is as large as `number` says.
    @discardableResult
    func addImage(_ number: Int, to repository: String, tag: String? = nil) throws -> Digest {
        let config = try addBlob(Array("{\"n\":\(number)}".utf8), to: repository)
        let layer = try addBlob(Samples.bytes(1000 + number, seed: UInt64(number)), to: repository)
        let image = try Samples.image(config: config, layers: [layer])
        return try addManifest(image.bytes, to: repository, tag: tag)
    }

    /// Says that a file was last written at this second.
    func age(_ path: String, _ seconds: TimeInterval) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Samples.date.addingTimeInterval(seconds)],
            ofItemAtPath: "\(base)/repositories/\(path)")
    }
}
