import Access
import FoundationEssentials
import ServerKit
import Synchronization

/// The people for whom providers vouch: all in memory, and written to the store at every change, so that they and
/// their tokens are known after a restart.
///
/// Whoever was not vouched for in time counts as nobody, until the provider does so again.
final class People: Sendable {
    /// How long a provider's word is good.
    struct Terms: Sendable {
        /// After how many seconds it is asked again.
        let recheck: TimeInterval
        /// For how many seconds more its last word counts when it cannot be asked.
        let grace: TimeInterval
    }

    private let store: (any PersonStore)?
    private let terms: [String: Terms]
    private let countMax: Int
    private let known = Mutex<[AccountName: Person]?>(nil)

    /// - Parameter store: nil where there are no providers.
    init(_ store: (any PersonStore)?, terms: [String: Terms], countMax: Int = 100_000) {
        self.store = store
        self.terms = terms
        self.countMax = countMax
    }

    /// Nobody, where no provider is set up.
    convenience init(_ settings: BrowserSignIn.Settings?) {
        var terms: [String: Terms] = [:]
        for voucher in settings?.vouchers ?? [] {
            terms[voucher.provider.name] = Terms(recheck: voucher.recheck, grace: voucher.grace)
        }
        self.init(settings?.store, terms: terms)
    }

    func person(_ name: AccountName) async throws(StoreError) -> Person? {
        guard let store, !terms.isEmpty else { return nil }
        if let person = known.withLock({ $0.map { known in known[name] } }) { return person }
        try await load(store)
        return known.withLock { $0?[name] }
    }

    /// The account that a person has for as long as the provider's word is good, by the clock of the caller.
    func record(of name: AccountName) async throws(StoreError) -> Standing.Record? {
        guard let person = try await person(name), let terms = terms[person.provider] else { return nil }
        return Self.record(of: person, terms)
    }

    static func record(of person: Person, _ terms: Terms) -> Standing.Record {
        Standing.Record(
            Account(
                name: person.account, passwordHash: nil, labels: person.labels,
                expires: person.confirmedAt.addingTimeInterval(terms.recheck + terms.grace),
                isDisabled: person.needsBrowser, createdAt: person.createdAt))
    }

    /// Those whose provider is to be asked again.
    func due(at moment: Date) async throws(StoreError) -> [Person] {
        guard let store, !terms.isEmpty else { return [] }
        if known.withLock({ $0 == nil }) { try await load(store) }
        return known.withLock { known in
            (known ?? [:]).values.filter { person in
                guard !person.needsBrowser, let terms = terms[person.provider] else { return false }
                return person.confirmedAt.addingTimeInterval(terms.recheck) <= moment
            }
        }
    }

    /// How many there are, as far as anybody has asked.
    var count: Int { known.withLock { $0?.count ?? 0 } }

    /// The same person under other names.
    func namesakes(of person: Person) -> [Person] {
        known.withLock { known in
            (known ?? [:]).values.filter { $0.isSame(as: person) && $0.account != person.account }
        }
    }

    /// Takes a person in who has just signed in. Throws `.conflict` when the name is somebody else's, and `.full`
    /// when there are too many.
    func admit(_ person: Person) async throws(StoreError) {
        guard let store else { throw StoreError(.failed, "there is no store for people") }
        if let before = try await self.person(person.account), !before.isSame(as: person) {
            throw StoreError(.conflict, "the name \(person.account) is somebody else's")
        }
        guard count < countMax else { throw StoreError(.full, "there are \(countMax) people already") }
        try await store.save(person)
        known.withLock { $0?[person.account] = person }
    }

    /// Writes down what the provider has said of a person, unless something newer is known by now.
    func replace(_ before: Person, with after: Person) async throws(StoreError) {
        guard let store, known.withLock({ $0?[before.account] == before }) else { return }
        try await store.save(after)
        known.withLock { known in
            if known?[before.account] == before { known?[before.account] = after }
        }
    }

    /// Forgets a person, unless something newer is known by now; false in that case.
    func remove(_ person: Person) async throws(StoreError) -> Bool {
        guard let store, known.withLock({ $0?[person.account] == person }) else { return false }
        _ = try await store.removePerson(person.account)
        known.withLock { $0?[person.account] = nil }
        return true
    }

    private func load(_ store: any PersonStore) async throws(StoreError) {
        var people: [AccountName: Person] = [:]
        var last: AccountName?
        repeat {
            let page = try await store.people(after: last, limit: 500)
            for person in page { people[person.account] = person }
            last = page.last?.account
        } while last != nil
        // Two may read at once; what has changed since the first of them is in memory alone.
        known.withLock { if $0 == nil { $0 = people } }
    }
}
