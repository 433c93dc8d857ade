package import Access
package import ServerKit
import Synchronization

/// People who stand in a list: names, hashes of passwords, labels. The list can be replaced.
package final class ListedPeople: SignInSource {
    package struct Person: Sendable, Hashable {
        package var hash: PasswordHash
        package var labels: Labels

        package init(hash: PasswordHash, labels: Labels) {
            self.hash = hash
            self.labels = labels
        }
    }

    private struct State {
        var people: [AccountName: Person]
        var generation: UInt64 = 0
    }

    package let name: String
    private let hasher: PasswordHasher
    private let state: Mutex<State>

    package init(_ name: String, _ people: [AccountName: Person], hasher: PasswordHasher) {
        self.name = name
        self.hasher = hasher
        state = Mutex(State(people: people))
    }

    package var generation: UInt64 { state.withLock { $0.generation } }

    /// Takes another list. Whoever has signed in by the old one does so anew.
    package func replace(with people: [AccountName: Person]) {
        state.withLock { state in
            guard state.people != people else { return }
            state = State(people: people, generation: state.generation + 1)
        }
    }

    package func answer(
        _ account: AccountName, password: Secret, from address: String?
    ) async -> SourceAnswer {
        guard let person = state.withLock({ $0.people[account] }) else { return .notMine }
        do throws(StoreError) {
            let isRight = try await hasher.verify(password, against: person.hash)
            return isRight ? .signedIn(person.labels) : .wrongPassword
        } catch {
            return .cannotAsk(error.description)
        }
    }
}
