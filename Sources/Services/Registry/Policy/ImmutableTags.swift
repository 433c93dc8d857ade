package import Access

/// Tags that stay where they were put first.
package struct ImmutableTags: Sendable, Hashable {
    /// Held against whole names: `shop/**`.
    package let repositories: Glob
    /// Held against whole tags: `v*`.
    package let tags: Glob
    /// Whether they may be removed all the same, and then be put elsewhere.
    package let mayBeRemoved: Bool
    /// Whether moving one is only written to the log.
    package let isDryRun: Bool

    package init(repositories: Glob, tags: Glob, mayBeRemoved: Bool = false, isDryRun: Bool = false) {
        self.repositories = repositories
        self.tags = tags
        self.mayBeRemoved = mayBeRemoved
        self.isDryRun = isDryRun
    }
}
