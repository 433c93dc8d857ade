import Crypto
import FoundationEssentials
import Synchronization

/// Passwords that were verified a short while ago, so that a client which signs in for every request costs a
/// MAC and not a bcrypt.
///
/// It holds no password and nothing from which one could be guessed outside this process: a MAC, under a key
/// drawn at start, of name, password and stored hash together. A changed hash is another entry, so nothing
/// stale can match, and any change in the store empties it.
final class VerifiedCredentials: Sendable {
    struct Mark: Hashable, Sendable { fileprivate let code: [UInt8] }

    private struct State {
        var generation: UInt64?
        var ends: [Mark: Date] = [:]
    }

    private let key = SymmetricKey(size: .bits256)
    let lifetime: TimeInterval
    private let countMax: Int
    private let state = Mutex(State())

    /// - Parameter lifetime: for how many seconds a verified password is believed; 0 turns it off.
    init(lifetime: TimeInterval, countMax: Int = 10_000) {
        self.lifetime = lifetime
        self.countMax = countMax
    }

    /// What stands for these credentials.
    func mark(account: String, password: String, hash: PasswordHash?) -> Mark {
        var code = HMAC<SHA256>(key: key)
        for part in [account, password, hash?.storedText ?? ""] {
            // Lengths keep one part from passing for the beginning of the next.
            withUnsafeBytes(of: UInt64(part.utf8.count).littleEndian) { code.update(data: Array($0)) }
            code.update(data: Array(part.utf8))
        }
        return Mark(code: Array(code.finalize()))
    }

    func contains(_ mark: Mark, generation: UInt64, at moment: Date) -> Bool {
        state.withLock { $0.generation == generation && ($0.ends[mark].map { $0 > moment } ?? false) }
    }

    func remember(_ mark: Mark, generation: UInt64, at moment: Date) {
        guard lifetime > 0 else { return }
        state.withLock { state in
            if state.generation != generation {
                state.ends.removeAll()
                state.generation = generation
            } else if state.ends.count >= countMax {
                state.ends = state.ends.filter { $0.value > moment }
                if state.ends.count >= countMax { state.ends.removeAll(keepingCapacity: true) }
            }
            state.ends[mark] = moment.addingTimeInterval(lifetime)
        }
    }
}
