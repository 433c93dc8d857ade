import Foundation
import OCI

extension Property {
    /// A manifest keeps its bytes, refers to what another reader of JSON finds in it, and never to two kinds
    /// of things at once. A first line that is no JSON is taken for the request's Content-Type.
    static let manifests = Property("manifests") { input in
        var type: MediaType?
        var bytes = input
        if let first = input.first, first != UInt8(ascii: "{"), let end = input.firstIndex(of: 10) {
            type = MediaType(headerValue: Array(input[..<end]).text)
            bytes = Array(input[(end + 1)...])
        }
        let read = try requireQuick("reading a manifest") { try? Manifest(bytes, contentType: type) }
        guard let manifest = read else { return }
        try requireEqual(manifest.bytes, bytes, "its bytes")
        try require(manifest.mediaType.isWellFormed, "its type is \(manifest.mediaType)")
        try require(
            manifest.manifests.isEmpty || manifest.blobs.isEmpty && manifest.config == nil,
            "it is an image and an index")
        let again = try Manifest(bytes, contentType: manifest.mediaType)
        try requireEqual(again.requiredBlobs, manifest.requiredBlobs, "its blobs, read again by its type")
        try requireEqual(again.requiredManifests, manifest.requiredManifests, "its manifests, read again")
        try requireEqual(again.subject, manifest.subject, "its subject, read again")
        guard manifest.kind != .unknown else { return }
        try require(
            String(validating: bytes, as: UTF8.self) != nil && !bytes.contains(0), "its bytes are not UTF-8")
        try compare(manifest, bytes)
    }

    private static func compare(_ manifest: Manifest, _ bytes: [UInt8]) throws {
        guard let json = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
            throw Counterexample(description: "another reader finds no JSON in it")
        }
        // Of two keys of one name the readers may take different ones.
        let keys = ["config", "layers", "blobs", "manifests", "subject", "digest"]
        let isPlain = keys.allSatisfy { key in
            let text = bytes.text
            return key == "digest" || text.ranges(of: "\"\(key)\"").count <= 1
        }
        guard isPlain, !bytes.text.contains("\\u") else { return }
        func digests(_ key: String) -> [String] {
            let found = json[key] as? [[String: Any]] ?? [json[key] as? [String: Any]].compactMap(\.self)
            return found.compactMap { $0["digest"] as? String }
        }
        let blobs = manifest.kind == .artifact ? digests("blobs") : digests("layers")
        if manifest.kind != .index {
            try requireEqual(manifest.blobs.map(\.digest.description), blobs, "its blobs")
        }
        if manifest.kind == .image {
            try requireEqual(
                manifest.config.map { [$0.digest.description] } ?? [], digests("config"), "config")
        }
        if manifest.kind == .index {
            try requireEqual(
                manifest.manifests.map(\.digest.description), digests("manifests"), "its manifests")
        }
        try requireEqual(
            manifest.subject.map { [$0.digest.description] } ?? [], digests("subject"), "its subject")
    }
}
