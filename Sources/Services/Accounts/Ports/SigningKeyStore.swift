package import FoundationEssentials
package import ServerKit

/// Where the keys that sign tokens are kept, so that every process that serves shares them.
///
/// Every backend passes `checkSigningKeyStoreContract`.
package protocol SigningKeyStore: Sendable {
    /// All keys, newest first.
    func keys() async throws(StoreError) -> [StoredKey]

    /// Adds a key, unless there is already a newer one than `newest` (nil: unless there is any): then it
    /// throws `.conflict`, and two processes that start at once end with one key.
    func add(_ key: StoredKey, after newest: String?) async throws(StoreError)

    /// Removes the key with this identifier; false when there was none.
    func remove(_ id: String) async throws(StoreError) -> Bool
}

/// A signing key and its certificate as they are kept.
package struct StoredKey: Sendable, Hashable {
    /// The RFC 7638 thumbprint of the public key.
    package let id: String
    /// PKCS #8 in PEM. Secret: never logged.
    package let privateKey: String
    /// The self-signed certificate in PEM that registries trust.
    package let certificate: String
    package let createdAt: Date
    /// From when on it no longer signs; it is still accepted until the last token it signed has ended.
    package var retiredAt: Date?

    package init(id: String, privateKey: String, certificate: String, createdAt: Date, retiredAt: Date? = nil)
    {
        self.id = id
        self.privateKey = privateKey
        self.certificate = certificate
        self.createdAt = createdAt
        self.retiredAt = retiredAt
    }
}
