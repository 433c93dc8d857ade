package import FoundationEssentials
import Logging
package import ServerKit

/// The keys that sign tokens: the newest signs, and those before it are accepted until the last token they
/// signed has ended.
///
/// Every process on the same store uses the same keys; a rotation counts in all of them as soon as the store
/// says that something changed.
package final class SigningKeys: Sendable {
    private let store: any SigningKeyStore
    private let signal: any ChangeSignal
    private let threads: BlockingThreads
    private let issuer: String
    private let overlap: TimeInterval
    private let now: WallClock
    private let rings = GenerationCache<Int, KeyRing>(countMax: 1)

    /// - Parameters:
    ///   - issuer: the name that stands in certificates.
    ///   - overlap: for how many seconds a key is accepted after another took its place: the life of a token,
    ///   and what clocks may differ by.
    ///   - threads: where keys are drawn: an RSA key takes seconds.
    package init(
        stores: AccountStores, issuer: String, overlap: TimeInterval, threads: BlockingThreads,
        now: @escaping WallClock
    ) {
        self.store = stores.keys
        self.signal = stores.signal
        self.issuer = issuer
        self.overlap = overlap
        self.threads = threads
        self.now = now
    }

    /// Makes the first key when there is none; two processes that start at once end with the same one.
    package func prepare(_ algorithm: SigningAlgorithm = .p256) async throws(StoreError) {
        guard try await store.keys().isEmpty else { return }
        do {
            _ = try await add(algorithm, after: nil)
        } catch  where error.kind == .conflict {
            // Another process was faster: its key is there now.
        }
    }

    /// Puts a new key in the place of the one that signs; of the same kind when none is named.
    ///
    /// Keys that no token needs any more are removed. Registries that are not our own learn keys from files:
    /// give them the new certificate (`certificateBundle`) at once.
    package func rotate(to algorithm: SigningAlgorithm? = nil) async throws(StoreError) -> ListedKey {
        let before = try await store.keys()
        let current: SigningKey? =
            if let newest = before.first { try StoredKeyForm.read(newest) } else { nil }
        let kind = algorithm ?? current?.algorithm ?? .p256
        let key = try await add(kind, after: before.first?.id)
        for (older, successor) in zip(before.dropFirst(), before)
        where successor.createdAt.addingTimeInterval(overlap) <= now() {
            _ = try await store.remove(older.id)
        }
        return key
    }

    /// Signs with a key that was made elsewhere from now on, as after a rotation; false when it signs already.
    package func adopt(_ key: StoredKey) async throws(StoreError) -> Bool {
        let newest = try await store.keys().first
        guard newest?.id != key.id else { return false }
        let adopted = StoredKey(
            id: key.id, privateKey: key.privateKey, certificate: key.certificate, createdAt: now())
        _ = try StoredKeyForm.read(adopted)
        try await store.add(adopted, after: newest?.id)
        return true
    }

    /// Stops believing a key that no longer signs, before its time: after a leak.
    package func remove(_ id: String) async throws(AccountError) {
        do {
            let keys = try await store.keys()
            guard keys.first?.id != id else {
                throw AccountError.keyInUse(id)
            }
            guard try await store.remove(id) else { throw AccountError.unknownKey(id) }
        } catch let error as AccountError {
            throw error
        } catch {
            throw .store(error as? StoreError ?? StoreError(.failed, "removing a key", cause: error))
        }
    }

    /// All keys, newest first: the first one signs.
    package func list() async throws(StoreError) -> [ListedKey] {
        let stored = try await store.keys()
        var listed: [ListedKey] = []
        for (place, key) in stored.enumerated() {
            let replaced = place == 0 ? nil : stored[place - 1].createdAt
            listed.append(
                ListedKey(
                    try StoredKeyForm.read(key), certificate: key.certificate,
                    acceptedUntil: replaced?.addingTimeInterval(overlap)))
        }
        return listed
    }

    /// The public keys as a JSON Web Key Set (RFC 7517), each under its thumbprint and under the identifier
    /// of older registries.
    package func publicKeySet() async throws(StoreError) -> String {
        let moment = now()
        let keys = try await ring().keys.filter { $0.isAccepted(at: moment) }
        return #"{"keys":[\#(keys.map { $0.key.publicKeys.joined(separator: ",") }.joined(separator: ","))]}"#
    }

    /// The certificates of all keys that are accepted, in PEM: a registry's `rootcertbundle`.
    package func certificateBundle() async throws(StoreError) -> String {
        let moment = now()
        let accepted = try await list().filter { $0.acceptedUntil.map { $0 > moment } ?? true }
        return accepted.map { $0.certificate.hasSuffix("\n") ? $0.certificate : $0.certificate + "\n" }
            .joined()
    }

    /// The keys as they stand, from memory unless something changed. Throws `.missing` when there is none.
    func ring() async throws(StoreError) -> KeyRing {
        let generation = signal.generation
        if let known = rings.value(for: 0, at: generation) { return known }
        let stored = try await store.keys()
        var keys: [KeyRing.Entry] = []
        for (place, key) in stored.enumerated() {
            do throws(StoreError) {
                let replaced = place == 0 ? nil : stored[place - 1].createdAt
                let read = try StoredKeyForm.read(key)
                keys.append(.init(key: read, acceptedUntil: replaced?.addingTimeInterval(overlap)))
            } catch {
                // An old key that cannot be read must not stop the newest from signing.
                if place == 0 { throw error }
                Logger.current.error("signing key cannot be read", metadata: ["key": "\(key.id)"])
            }
        }
        guard let ring = KeyRing(keys) else { throw StoreError(.missing, "there is no signing key") }
        rings.remember(ring, for: 0, at: generation)
        return ring
    }

    private func add(_ algorithm: SigningAlgorithm, after newest: String?) async throws(StoreError)
        -> ListedKey
    {
        let stored: StoredKey
        do {
            stored = try await threads.run { [issuer, now] in
                try StoredKeyForm.make(algorithm, issuer: issuer, at: now())
            }
        } catch {
            throw StoreError(.failed, "making a signing key", cause: error)
        }
        try await store.add(stored, after: newest)
        return ListedKey(try StoredKeyForm.read(stored), certificate: stored.certificate, acceptedUntil: nil)
    }
}

/// A signing key as an operator sees it.
package struct ListedKey: Sendable, Hashable {
    /// The RFC 7638 thumbprint.
    package let id: String
    /// The identifier that registries up to 2.8 compute.
    package let libtrustID: String
    package let algorithm: SigningAlgorithm
    package let createdAt: Date
    /// Nil for the key that signs.
    package let acceptedUntil: Date?
    /// The self-signed certificate in PEM, for registries that are to trust the key.
    package let certificate: String

    init(_ key: SigningKey, certificate: String, acceptedUntil: Date?) {
        self.id = key.thumbprint
        self.libtrustID = key.libtrustID
        self.algorithm = key.algorithm
        self.createdAt = key.createdAt
        self.acceptedUntil = acceptedUntil
        self.certificate = certificate
    }
}
