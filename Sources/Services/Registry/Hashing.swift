import OCI

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
