import Access
import Crypto
import FoundationEssentials
import ServerKit
import Synchronization

/// Who looks at the page of their tokens: a browser's secret stands for a person for a while. In memory alone, and
/// bounded: with one more, the one that would have ended first goes.
final class BrowserSessions: Sendable {
    struct Session: Sendable {
        let account: AccountName
        let binding: String
        /// What forms have to carry, so that no other page can send them.
        let formMark: String
        let ends: Date
    }

    static let lifetime: TimeInterval = 3600
    private let countMax: Int
    private let sessions = Mutex<[SHA256Digest: Session]>([:])

    init(countMax: Int = 10_000) { self.countMax = countMax }

    /// Begins a session; the secret is for the browser.
    func begin(_ person: Person, at moment: Date) -> Secret {
        let secret = Base64URL.encode(Random.bytes(32))
        let session = Session(
            account: person.account, binding: person.binding, formMark: Base64URL.encode(Random.bytes(24)),
            ends: moment.addingTimeInterval(Self.lifetime))
        sessions.withLock { sessions in
            if sessions.count >= countMax { sessions = sessions.filter { $0.value.ends > moment } }
            if sessions.count >= countMax, let first = sessions.min(by: { $0.value.ends < $1.value.ends }) {
                sessions[first.key] = nil
            }
            sessions[Self.key(secret)] = session
        }
        return Secret(secret)
    }

    func session(_ secret: Secret, at moment: Date) -> Session? {
        guard secret.revealed.utf8.count == 43 else { return nil }
        return sessions.withLock { $0[Self.key(secret.revealed)].flatMap { $0.ends > moment ? $0 : nil } }
    }

    func end(_ secret: Secret) {
        sessions.withLock { $0[Self.key(secret.revealed)] = nil }
    }

    private static func key(_ secret: String) -> SHA256Digest { SHA256.hash(data: Array(secret.utf8)) }
}
