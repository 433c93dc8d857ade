package import OCI

package import struct Crypto.SHA256
package import struct Crypto.SHA512

/// A digest in the making. A value: a copy goes its own way.
package enum ContentHash: Sendable {
    case sha256(SHA256)
    case sha512(SHA512)

    package init(_ algorithm: Digest.Algorithm) {
        switch algorithm {
        case .sha256: self = .sha256(SHA256())
        case .sha512: self = .sha512(SHA512())
        }
    }

    package var algorithm: Digest.Algorithm {
        switch self {
        case .sha256: .sha256
        case .sha512: .sha512
        }
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch self {
        case .sha256(var hash):
            hash.update(bufferPointer: bytes)
            self = .sha256(hash)
        case .sha512(var hash):
            hash.update(bufferPointer: bytes)
            self = .sha512(hash)
        }
    }

    /// The digest of everything so far; more may follow.
    package var digest: Digest {
        switch self {
        case .sha256(let hash): Digest(.sha256, bytes: Array(hash.finalize()))
        case .sha512(let hash): Digest(.sha512, bytes: Array(hash.finalize()))
        }
    }
}
