package import FoundationEssentials
package import OCI
package import Registry

import struct Crypto.SHA256
import struct Crypto.SHA512

/// Small values for tests, the same in every run.
package enum Samples {
    /// A whole second, so that every store keeps it exactly.
    package static let date = Date(timeIntervalSince1970: 1_800_000_000)

    package static func repository(_ text: String) throws -> RepositoryName { try RepositoryName(text) }

    package static func tag(_ text: String) throws -> Tag { try Tag(text) }

    /// A digest of the algorithm that no content here has; another for each number.
    package static func digest(_ number: Int, _ algorithm: Digest.Algorithm = .sha256) -> Digest {
        digest(of: Array("sample \(number)".utf8), algorithm)
    }

    package static func digest(of bytes: [UInt8], _ algorithm: Digest.Algorithm = .sha256) -> Digest {
        switch algorithm {
        case .sha256: Digest(.sha256, bytes: Array(SHA256.hash(data: bytes)))
        case .sha512: Digest(.sha512, bytes: Array(SHA512.hash(data: bytes)))
        }
    }

    /// Bytes that look random and do not repeat in short periods.
    package static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<count).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }

    /// An upload's identifier made of a number.
    package static func uploadID(_ number: UInt64) -> UploadID {
        var generator = Numbers(state: number)
        return UploadID(using: &generator)
    }

    /// An OCI image manifest with this config and these layers, as it would be pushed.
    package static func image(
        config: Digest, layers: [Digest] = [], subject: Digest? = nil, artifactType: String? = nil,
        annotations: [String: String] = [:]
    ) throws -> Manifest {
        let layerList = layers.map { descriptor($0, .octetStream) }.joined(separator: ",")
        var fields = [
            #""schemaVersion":2"#, #""mediaType":"\#(MediaType.imageManifest)""#,
            #""config":\#(descriptor(config, .emptyJSON))"#, #""layers":[\#(layerList)]"#,
        ]
        if let subject { fields.append(#""subject":\#(descriptor(subject, .imageManifest))"#) }
        if let artifactType { fields.append(#""artifactType":"\#(artifactType)""#) }
        if !annotations.isEmpty {
            let pairs = annotations.sorted { $0.key < $1.key }.map { #""\#($0.key)":"\#($0.value)""# }
            fields.append(#""annotations":{\#(pairs.joined(separator: ","))}"#)
        }
        return try Manifest(Array("{\(fields.joined(separator: ","))}".utf8), contentType: .imageManifest)
    }

    /// An OCI index of these manifests.
    package static func index(of manifests: [Digest]) throws -> Manifest {
        let list = manifests.map { descriptor($0, .imageManifest) }.joined(separator: ",")
        let text =
            #"{"schemaVersion":2,"mediaType":"\#(MediaType.imageIndex)","manifests":[\#(list)]}"#
        return try Manifest(Array(text.utf8), contentType: .imageIndex)
    }

    /// A push of `manifest` that requires all it references.
    package static func push(
        _ manifest: Manifest, tags: [String] = [], by account: String = "alice", at date: Date = Self.date
    ) throws -> ManifestPush {
        ManifestPush(
            digest: digest(of: manifest.bytes), manifest: manifest, tags: try tags.map { try Tag($0) },
            requiredBlobs: ([manifest.config].compactMap(\.self) + manifest.blobs).map(\.digest),
            requiredManifests: manifest.manifests.map(\.digest), account: account, date: date)
    }

    private static func descriptor(_ digest: Digest, _ mediaType: MediaType) -> String {
        #"{"mediaType":"\#(mediaType)","digest":"\#(digest)","size":2}"#
    }
}

/// Counts up, so that what is drawn from it is the same in every run.
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 31)
    }
}
