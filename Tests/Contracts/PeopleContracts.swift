package import Access
package import Accounts
import FoundationEssentials
package import ServerKit
import Synchronization
import Testing

/// People in memory: the double that passes the contract of their store.
package final class InMemoryPeople: PersonStore {
    private struct State {
        var people: [AccountName: Person] = [:]
        var failure: StoreError?
    }

    private let state = Mutex(State())

    package init() {}

    /// From now on every call throws this; nil ends it.
    package func fail(with error: StoreError?) { state.withLock { $0.failure = error } }

    package func people(after last: AccountName?, limit: Int) async throws(StoreError) -> [Person] {
        let people = try known().values.filter { last == nil || $0.account > last ?? .anonymous }
        return Array(people.sorted { $0.account < $1.account }.prefix(limit))
    }

    package func save(_ person: Person) async throws(StoreError) {
        if let holder = try known()[person.account],
            holder.provider != person.provider || holder.subject != person.subject
        {
            throw StoreError(.conflict, "saving a person")
        }
        state.withLock { $0.people[person.account] = person }
    }

    package func removePerson(_ name: AccountName) async throws(StoreError) -> Bool {
        _ = try known()
        return state.withLock { $0.people.removeValue(forKey: name) } != nil
    }

    private func known() throws(StoreError) -> [AccountName: Person] {
        let (people, failure) = state.withLock { ($0.people, $0.failure) }
        if let failure { throw failure }
        return people
    }
}

/// What every `PersonStore` promises.
///
/// - Parameter store: an empty one.
package func checkPersonStoreContract(_ store: some PersonStore) async throws {
    let empty = try await store.people(after: nil, limit: 10)
    #expect(empty.isEmpty)
    let date = Date(timeIntervalSince1970: 1_800_000_000.123456)
    func person(_ name: String, _ subject: String, at provider: String = "staff") throws -> Person {
        Person(
            account: try AccountName(name), provider: provider, subject: subject,
            labels: ["groups": [LabelValue("a*", isLiteral: true), LabelValue("b", isLiteral: true)]],
            grant: [0, 255, 7], confirmedAt: date, createdAt: date)
    }
    var dora = try person("dora", "1")
    try await store.save(dora)
    #expect(try await store.people(after: nil, limit: 10) == [dora], "what was saved is read back")
    dora.labels = [:]
    dora.grant = []
    dora.needsBrowser = true
    dora.confirmedAt += 900
    try await store.save(dora)
    #expect(try await store.people(after: nil, limit: 10) == [dora], "saving again replaces")

    for other in [try person("dora", "2"), try person("dora", "1", at: "github")] {
        let problem = await storeProblem { () async throws(StoreError) in try await store.save(other) }
        #expect(problem == .conflict, "a name is nobody else's")
    }
    let names = try ["Zoe", "anna", "élodie"].map { try person($0, "of \($0)") }
    for person in names { try await store.save(person) }
    let first = try await store.people(after: nil, limit: 2)
    #expect(first.map(\.account.text) == ["Zoe", "anna"], "in byte order")
    let rest = try await store.people(after: first.last?.account, limit: 10)
    #expect(rest.map(\.account.text) == ["dora", "élodie"])
    #expect(try await store.removePerson(dora.account))
    let again = try await store.removePerson(dora.account)
    #expect(!again, "removing twice is not a failure")
    try await store.save(try person("dora", "2"))
    let last = try await store.people(after: nil, limit: 10)
    #expect(last.count == 4, "whoever is gone leaves the name")
}

private func storeProblem(_ body: () async throws(StoreError) -> Void) async -> StoreError.Kind? {
    do throws(StoreError) {
        try await body()
        return nil
    } catch {
        return error.kind
    }
}
