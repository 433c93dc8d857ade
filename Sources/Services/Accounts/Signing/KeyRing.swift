import FoundationEssentials

/// The signing keys at one moment: one that signs, and those that are still believed.
struct KeyRing: Sendable {
    struct Entry: Sendable {
        let key: SigningKey
        /// Nil for the key that signs.
        let acceptedUntil: Date?

        func isAccepted(at moment: Date) -> Bool { acceptedUntil.map { $0 > moment } ?? true }
    }

    let signing: SigningKey
    /// Newest first.
    let keys: [Entry]
    private let byID: [String: Entry]

    /// Nil without any key.
    init?(_ keys: [Entry]) {
        guard let newest = keys.first else { return nil }
        self.signing = newest.key
        self.keys = keys
        var byID: [String: Entry] = [:]
        for entry in keys.reversed() {
            byID[entry.key.thumbprint] = entry
            byID[entry.key.libtrustID] = entry
        }
        self.byID = byID
    }

    /// The key with this thumbprint or libtrust identifier, if it is believed at this moment.
    func key(_ id: String, at moment: Date) -> SigningKey? {
        byID[id].flatMap { $0.isAccepted(at: moment) ? $0.key : nil }
    }
}
