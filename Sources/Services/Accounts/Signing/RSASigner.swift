import COpenSSL
import CryptoExtras
import ServerKit

/// Signs by RSASSA-PKCS1-v1_5 with SHA-256 (RS256 of RFC 7518, section 3.3) through the system's OpenSSL, which
/// multiplies with all that the processor has: a token costs what `openssl speed` says.
///
/// The key is read once. OpenSSL lets any number of threads sign with it at the same time.
final class RSASigner: Sendable {
    // Never changed once it is read, and OpenSSL signs with it on any number of threads.
    private nonisolated(unsafe) let key: OpaquePointer

    /// - Throws: `StoreError` when OpenSSL does not take the key; what it says is kept, the key is not.
    init(_ key: _RSA.Signing.PrivateKey) throws(StoreError) {
        let der = [UInt8](key.derRepresentation)
        let read = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_AutoPrivateKey(nil, &start, bytes.count)
        }
        guard let read else { throw Self.failure("reading an RSA key") }
        self.key = read
    }

    deinit { EVP_PKEY_free(key) }

    func sign(_ bytes: [UInt8]) throws(StoreError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw Self.failure("signing by RSA") }
        defer { EVP_MD_CTX_free(context) }
        var count = Int(EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: count)
        guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1
        else { throw Self.failure("signing by RSA") }
        return Array(signature.prefix(count))
    }

    private static func failure(_ doing: String) -> StoreError {
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(ERR_get_error(), &text, text.count)
        ERR_clear_error()
        let words = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return StoreError(.damaged, "\(doing): \(words)")
    }
}
