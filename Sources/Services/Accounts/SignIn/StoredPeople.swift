package import Access
import FoundationEssentials
package import ServerKit

/// People of another store of accounts, asked behind other sources.
package final class StoredPeople: SignInSource {
    package let name: String
    private let store: any AccountStore
    private let signal: any ChangeSignal
    private let hasher: PasswordHasher
    private let opensWithoutPassword: Bool
    private let now: WallClock

    /// - Parameter opensWithoutPassword: whether accounts without a password sign in with any.
    package init(
        _ name: String, _ store: some AccountStore & ChangeSignal, hasher: PasswordHasher,
        opensWithoutPassword: Bool, now: @escaping WallClock
    ) {
        self.name = name
        self.store = store
        self.signal = store
        self.hasher = hasher
        self.opensWithoutPassword = opensWithoutPassword
        self.now = now
    }

    /// Nobody who was known counts once the store has changed, or is away.
    package var generation: UInt64 { signal.generationWithReach }

    package func answer(
        _ account: AccountName, password: Secret, from address: String?
    ) async -> SourceAnswer {
        do throws(StoreError) {
            guard let known = try await store.account(named: account) else { return .notMine }
            let isStanding = Standing.Record(known).isStanding(at: now())
            if opensWithoutPassword, known.passwordHash == nil {
                return isStanding ? .signedIn(known.labels) : .wrongPassword
            }
            let isRight = try await hasher.verify(password, against: known.passwordHash)
            return isRight && isStanding ? .signedIn(known.labels) : .wrongPassword
        } catch {
            return .cannotAsk(error.description)
        }
    }

    package func trouble() async -> String? { signal.reach == .away ? "it is away" : nil }
}

extension ChangeSignal {
    /// A generation that also moves when the store goes away and when it comes back: for those who ask it beside
    /// something else, and are to ask again then.
    package var generationWithReach: UInt64 { generation &+ (reach == .away ? 1 << 40 : 0) }
}
