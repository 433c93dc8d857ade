package import FoundationEssentials
import Synchronization
package import TLSKit

/// What an authority comes to look at before it believes that a name is ours. What hangs here is public.
package final class ChallengeBoard: Sendable {
    private let answers = Mutex<[String: String]>([:])
    private let shelf: CertificateShelf

    package init(shelf: CertificateShelf) { self.shelf = shelf }

    /// Hangs the answer to a question over HTTP (RFC 8555, 8.3).
    package func hang(_ answer: String, for token: String) { answers.withLock { $0[token] = answer } }

    /// Whether nothing hangs there.
    package var isEmpty: Bool { answers.withLock { $0.isEmpty } }

    package func take(_ token: String) { answers.withLock { $0[token] = nil } }

    package func answer(for token: String) -> String? { answers.withLock { $0[token] } }

    /// Hangs the answer to a question over TLS (RFC 8737).
    package func hang(digest: [UInt8], for name: HostName, now: Date) throws {
        try shelf.show(challenge: SelfSigned.challenge(for: name, digest: digest, now: now), for: name)
    }

    package func take(_ name: HostName) { shelf.removeChallenge(for: name) }
}
