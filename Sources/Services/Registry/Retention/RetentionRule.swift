package import Access
package import FoundationEssentials

/// Says of some tags that they go, but for the last few or the young.
package struct RetentionRule: Sendable, Hashable {
    /// Held against whole names: `ci/**`.
    package let repositories: Glob
    /// The tags it speaks of, held against whole tags: `build-*`.
    package let tags: Glob
    /// So many of them stay: those that were pushed last.
    package let keepLast: Int?
    /// Those stay that were pushed within so many seconds.
    package let keepYounger: TimeInterval?

    /// Nil for a rule by which every tag would go.
    package init?(repositories: Glob, tags: Glob, keepLast: Int?, keepYounger: TimeInterval?) {
        guard keepLast ?? 0 > 0 || keepYounger ?? 0 > 0 else { return nil }
        self.repositories = repositories
        self.tags = tags
        self.keepLast = keepLast
        self.keepYounger = keepYounger
    }
}

/// What becomes of a tag, and why.
package enum RetentionVerdict: Sendable, Hashable {
    /// No rule speaks of it: it stays.
    case unspoken
    /// It stays, whatever rules say.
    case immutable
    /// It stays as the `rank`th of the last ones of a rule, counted from 1.
    case amongLast(rank: Int, RetentionRule)
    /// It stays because it was pushed lately enough for a rule.
    case young(RetentionRule)
    /// It was moved, pushed again or removed while it was looked at: it is left alone.
    case changed
    /// It goes: these rules speak of it and none keeps it.
    case goes([RetentionRule])

    package var isRemoval: Bool { if case .goes = self { true } else { false } }
}
