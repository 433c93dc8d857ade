import Access
package import OCI

/// What the operator has laid down: how much may be stored, and which tags stay where they are.
package struct RegistryPolicy: Sendable {
    package var quotas: [Quota]
    package var immutableTags: [ImmutableTags]

    package init(quotas: [Quota] = [], immutableTags: [ImmutableTags] = []) {
        self.quotas = quotas
        self.immutableTags = immutableTags
    }

    /// What is in force for one repository.
    package func conditions(for repository: RepositoryName) -> RepositoryConditions {
        conditions(for: repository, onTrial: false)
    }

    /// What is only tried for one repository.
    package func trials(for repository: RepositoryName) -> RepositoryConditions {
        conditions(for: repository, onTrial: true)
    }

    private func conditions(for repository: RepositoryName, onTrial: Bool) -> RepositoryConditions {
        RepositoryConditions(
            quotas: quotas.filter { $0.isDryRun == onTrial && $0.repositories.matches(repository.text) },
            immutableTags: immutableTags.filter {
                $0.isDryRun == onTrial && $0.repositories.matches(repository.text)
            })
    }
}

/// What has to hold for a change to one repository.
///
/// Stores look inside the transaction that makes the change, so that no two changes get past a condition
/// together. Where one does not hold, nothing is changed, and the call throws a `StoreError` of the kind
/// `.refused` whose `cause` is a `PolicyRefusal`.
package struct RepositoryConditions: Sendable, Hashable {
    /// Those that count the repository.
    package var quotas: [Quota]
    /// Those that speak of the repository.
    package var immutableTags: [ImmutableTags]

    package init(quotas: [Quota] = [], immutableTags: [ImmutableTags] = []) {
        self.quotas = quotas
        self.immutableTags = immutableTags
    }

    /// Everything may be done.
    package static let none = RepositoryConditions()

    /// Whether a tag that is there stays where it points.
    package func pins(_ tag: Tag) -> Bool { immutableTags.contains { $0.tags.matches(tag.text) } }

    /// Whether a tag stays at all.
    package func keeps(_ tag: Tag) -> Bool {
        immutableTags.contains { !$0.mayBeRemoved && $0.tags.matches(tag.text) }
    }

    /// Whether there are tags that stay at all.
    package var keepsTags: Bool { immutableTags.contains { !$0.mayBeRemoved } }
}
