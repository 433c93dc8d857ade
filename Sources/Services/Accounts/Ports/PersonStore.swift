package import Access
package import FoundationEssentials
package import ServerKit

/// Where the people are kept for whom providers vouch.
///
/// Every backend passes `checkPersonStoreContract`.
package protocol PersonStore: Sendable {
    /// One page of people in byte order of their names, those after `last`.
    func people(after last: AccountName?, limit: Int) async throws(StoreError) -> [Person]

    /// Adds a person, or replaces what is known of the one with the same name. Throws `.conflict` when the name is
    /// somebody else's.
    func save(_ person: Person) async throws(StoreError)

    /// Removes a person; false when there was none.
    func removePerson(_ name: AccountName) async throws(StoreError) -> Bool
}

/// Somebody for whom a provider vouches.
package struct Person: Sendable, Hashable {
    package let account: AccountName
    /// The provider, by its name in the configuration, and what it calls the person.
    package let provider: String
    package let subject: String
    package var labels: Labels
    /// What the provider is asked with again, sealed.
    package var grant: [UInt8]
    /// When the provider last vouched for the person.
    package var confirmedAt: Date
    /// Whether the provider says nothing until the person has signed in again.
    package var needsBrowser: Bool
    package let createdAt: Date

    package init(
        account: AccountName, provider: String, subject: String, labels: Labels, grant: [UInt8],
        confirmedAt: Date, needsBrowser: Bool = false, createdAt: Date
    ) {
        self.account = account
        self.provider = provider
        self.subject = subject
        self.labels = labels
        self.grant = grant
        self.confirmedAt = confirmedAt
        self.needsBrowser = needsBrowser
        self.createdAt = createdAt
    }

    /// Ties tokens to the person, whoever else has the name some day.
    var binding: String { "\(provider.utf8.count):\(provider):\(subject)" }

    func isSame(as other: Person) -> Bool { provider == other.provider && subject == other.subject }
}
