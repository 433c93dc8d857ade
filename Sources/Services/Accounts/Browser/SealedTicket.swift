import Crypto
import FoundationEssentials
import ServerKit

/// What a browser carries from the moment it is sent to a provider until it comes back: sealed under a key drawn at
/// start, so that it can neither be read nor made, and nothing has to be kept for those who never return.
struct SealedTicket: Sendable {
    /// How long a person may take at the provider's page.
    static let lifetime: TimeInterval = 600
    private static let lengthMax = 2048

    private struct Content: Codable {
        let provider: String
        let state: String
        let nonce: String
        let verifier: String
        let redirect: String?
        let ends: Int
    }

    private let key = SymmetricKey(size: .bits256)

    func seal(_ attempt: BrowserAttempt, provider: String, at moment: Date) -> Secret {
        let content = Content(
            provider: provider, state: attempt.state, nonce: attempt.nonce,
            verifier: attempt.verifier.revealed, redirect: attempt.redirect,
            ends: Int(moment.timeIntervalSince1970 + Self.lifetime))
        // Neither texts nor a key of the right length can fail.
        let sealed = (try? JSONEncoder().encode(content)).flatMap {
            try? AES.GCM.seal($0, using: key).combined
        }
        return Secret(Base64URL.encode(Array(sealed ?? Data())))
    }

    /// The attempt, where the ticket is ours, for this provider, not too old, and goes with this state.
    func open(_ text: Secret, provider: String, state: String, at moment: Date) -> BrowserAttempt? {
        guard text.revealed.utf8.count <= Self.lengthMax, let bytes = Base64URL.decode(text.revealed[...]),
            let box = try? AES.GCM.SealedBox(combined: bytes), let plain = try? AES.GCM.open(box, using: key),
            let content = try? JSONDecoder().decode(Content.self, from: plain),
            content.provider == provider, moment.timeIntervalSince1970 < Double(content.ends),
            ConstantTime.areEqual(Array(content.state.utf8), Array(state.utf8))
        else { return nil }
        return BrowserAttempt(
            state: content.state, nonce: content.nonce, verifier: Secret(content.verifier),
            redirect: content.redirect)
    }
}
