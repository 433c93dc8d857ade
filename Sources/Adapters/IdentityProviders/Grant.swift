import Accounts
import Crypto
import FoundationEssentials
import ServerKit

/// What a provider has given us to ask it again about somebody.
struct Grant: Codable, Sendable {
    var access: String
    var refresh: String?
    /// When the access token ends, in seconds since 1970; nil for never or unknown.
    var ends: Int?
}

/// Seals grants under a key that follows from the client's secret, which lies outside of the store: whoever has a copy
/// of the store alone cannot speak for anybody. With another secret everybody signs in anew.
struct GrantSeal: Sendable {
    private let key: SymmetricKey
    private let provider: String

    init(provider: String, clientID: String, secret: Secret) {
        self.provider = provider
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array(secret.revealed.utf8)),
            info: Array("homeport grants of people, 1: \(clientID)".utf8), outputByteCount: 32)
    }

    func seal(_ grant: Grant, of subject: String) throws(ProviderError) -> [UInt8] {
        do {
            let plain = try JSONEncoder().encode(grant)
            guard
                let sealed = try AES.GCM.seal(plain, using: key, authenticating: context(subject)).combined
            else { throw ProviderError.unavailable("a grant cannot be sealed") }
            return Array(sealed)
        } catch {
            throw .unavailable("a grant cannot be sealed")
        }
    }

    func open(_ bytes: [UInt8], of subject: String) -> Grant? {
        guard let box = try? AES.GCM.SealedBox(combined: bytes),
            let plain = try? AES.GCM.open(box, using: key, authenticating: context(subject))
        else { return nil }
        return try? JSONDecoder().decode(Grant.self, from: plain)
    }

    private func context(_ subject: String) -> [UInt8] { Array("\(provider)\n\(subject)".utf8) }
}
