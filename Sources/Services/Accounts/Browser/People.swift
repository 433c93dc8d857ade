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

    /// Everybody, for as long as the process lives: what is written into a store behind it would not be seen.
    private final class Book: Sendable {
        let store: any PersonStore
        let known = Mutex<[AccountName: Person]?>(nil)

        init(_ store: any PersonStore) { self.store = store }
    }

    /// Nil where there never were providers.
    private let book: Book?
    private let terms: [String: Terms]
    private let countMax: Int

    /// Nobody, where no provider is set up.
    ///
    /// - Parameter predecessor: whose people they are already, under other terms.
    init(
        _ settings: BrowserSignIn.Settings?, succeeding predecessor: People? = nil, countMax: Int = 100_000
    ) {
        var terms: [String: Terms] = [:]
        for voucher in settings?.vouchers ?? [] {
            terms[voucher.provider.name] = Terms(recheck: voucher.recheck, grace: voucher.grace)
        }
        self.book = predecessor?.book ?? (settings?.store).map { Book($0) }
        self.terms = terms
        self.countMax = countMax
    }

    func person(_ name: AccountName) async throws(StoreError) -> Person? {
        guard let book, !terms.isEmpty else { return nil }
        if let person = book.known.withLock({ $0.map { known in known[name] } }) { return person }
        try await load(book)
        return book.known.withLock { $0?[name] }
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
        guard let book, !terms.isEmpty else { return [] }
        if book.known.withLock({ $0 == nil }) { try await load(book) }
        return book.known.withLock { known in
            (known ?? [:]).values.filter { person in
                guard !person.needsBrowser, let terms = terms[person.provider] else { return false }
                return person.confirmedAt.addingTimeInterval(terms.recheck) <= moment
            }
        }
    }

    /// How many there are, as far as anybody has asked.
    var count: Int { book?.known.withLock { $0?.count ?? 0 } ?? 0 }

    /// The same person under other names.
    func namesakes(of person: Person) -> [Person] {
        book?.known.withLock { known in
            (known ?? [:]).values.filter { $0.isSame(as: person) && $0.account != person.account }
        } ?? []
    }

    /// Takes a person in who has just signed in. Throws `.conflict` when the name is somebody else's, and `.full`
    /// when there are too many.
    func admit(_ person: Person) async throws(StoreError) {
        guard let book else { throw StoreError(.failed, "there is no store for people") }
        if let before = try await self.person(person.account), !before.isSame(as: person) {
            throw StoreError(.conflict, "the name \(person.account) is somebody else's")
        }
        guard count < countMax else { throw StoreError(.full, "there are \(countMax) people already") }
        try await book.store.save(person)
        book.known.withLock { $0?[person.account] = person }
    }

    /// Writes down what the provider has said of a person, unless something newer is known by now.
    func replace(_ before: Person, with after: Person) async throws(StoreError) {
        guard let book, book.known.withLock({ $0?[before.account] == before }) else { return }
        try await book.store.save(after)
        book.known.withLock { known in
            if known?[before.account] == before { known?[before.account] = after }
        }
    }

    /// Forgets a person, unless something newer is known by now; false in that case.
    func remove(_ person: Person) async throws(StoreError) -> Bool {
        guard let book, book.known.withLock({ $0?[person.account] == person }) else { return false }
        _ = try await book.store.removePerson(person.account)
        book.known.withLock { $0?[person.account] = nil }
        return true
    }

    private func load(_ book: Book) async throws(StoreError) {
        var people: [AccountName: Person] = [:]
        var last: AccountName?
        repeat {
            let page = try await book.store.people(after: last, limit: 500)
            for person in page { people[person.account] = person }
            last = page.last?.account
        } while last != nil
        // Two may read at once; what has changed since the first of them is in memory alone.
        book.known.withLock { if $0 == nil { $0 = people } }
    }
}
