import NIOCore
import OCI
import ServerKit

import protocol Crypto.HashFunction
import struct Crypto.SHA256
import struct Crypto.SHA512

extension Digest.Algorithm {
    /// The digest of bytes that are in memory: manifests. Blobs are hashed as they stream.
    func digest(of bytes: [UInt8]) -> Digest {
        switch self {
        case .sha256: Digest(self, bytes: Array(SHA256.hash(data: bytes)))
        case .sha512: Digest(self, bytes: Array(SHA512.hash(data: bytes)))
        }
    }
}

extension Digest.Algorithm {
    /// The digest of a blob, read in pieces.
    func digest(of blob: any StoredBlob) async throws(StoreError) -> Digest {
        switch self {
        case .sha256: Digest(self, bytes: try await Self.hash(blob, with: SHA256()))
        case .sha512: Digest(self, bytes: try await Self.hash(blob, with: SHA512()))
        }
    }

    private static func hash<Function: HashFunction>(_ blob: any StoredBlob, with function: Function)
        async throws(StoreError) -> [UInt8]
    {
        var function = function
        var offset: Int64 = 0
        while offset < blob.size {
            let piece = try await blob.read(at: offset, count: 1 << 20)
            piece.withUnsafeReadableBytes { function.update(bufferPointer: $0) }
            offset += Int64(piece.readableBytes)
        }
        return Array(function.finalize())
    }
}
