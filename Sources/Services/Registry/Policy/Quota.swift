package import Access

/// How many bytes the repositories of a pattern may hold together.
///
/// A repository counts each of its blobs and manifests once, whoever else holds them too: a blob that is
/// mounted counts where it came from and where it went. The blobs of what was deleted count until they are
/// collected.
package struct Quota: Sendable, Hashable {
    /// Held against whole names: `team-a/**`.
    package let repositories: Glob
    /// In bytes.
    package let limit: Int64
    /// Whether going beyond is only written to the log.
    package let isDryRun: Bool

    package init(repositories: Glob, limit: Int64, isDryRun: Bool = false) {
        self.repositories = repositories
        self.limit = limit
        self.isDryRun = isDryRun
    }
}

/// How much of a quota is taken.
package struct QuotaUse: Sendable, Hashable {
    package let quota: Quota
    /// In bytes.
    package let used: Int64

    package init(quota: Quota, used: Int64) {
        self.quota = quota
        self.used = used
    }

    /// How many bytes still fit.
    package var room: Int64 { max(0, quota.limit - used) }

    /// Why so many bytes more are refused; nil when they fit.
    package func refusal(of bytes: Int64) -> PolicyRefusal? {
        bytes > room ? .overQuota(self, needed: bytes) : nil
    }
}
