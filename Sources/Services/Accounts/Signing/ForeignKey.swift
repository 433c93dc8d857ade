package import FoundationEssentials

extension StoredKey {
    /// A key that was made elsewhere, and its certificate, perhaps with those that vouch for it, both in PEM.
    ///
    /// Throws when they cannot be read; that they belong together has been seen before.
    package init(privateKey: String, certificate: String, createdAt: Date) throws {
        let material = try StoredKeyForm.readPrivate(privateKey)
        self.init(
            id: try PublicKeyIdentity(of: material).thumbprint, privateKey: privateKey,
            certificate: certificate, createdAt: createdAt)
        _ = try StoredKeyForm.read(self)
    }
}
