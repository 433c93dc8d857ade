import Access
package import FoundationEssentials
import Logging
package import OCI

/// What one run of retention came to.
package struct RetentionSummary: Sendable, Hashable {
    /// Repositories that a rule speaks of.
    package var repositories = 0
    package var removed = 0
    /// Tags that a rule speaks of and that stay.
    package var kept = 0

    package init() {}
}

/// Removes tags by rules. Manifests and blobs stay until they are collected, so what went can be restored for
/// as long.
///
/// Tags are read a page at a time and removed in as small transactions, each tag only if it still is what it
/// was when it was judged.
package struct Retention: Sendable {
    /// Told of each tag and what became of it.
    package typealias Report = (RepositoryName, PushedTag, RetentionVerdict) async throws -> Void

    /// Who the history of tags says did it.
    package static let account = "retention"
    private static let pageSize = 100
    private static let repositoriesPage = 500

    package let rules: [RetentionRule]
    private let tags: any RetentionStore
    private let manifests: any ManifestStore
    private let policy: RegistryPolicy
    private let now: @Sendable () -> Date
    private let onRemoval: @Sendable ([Tag], RepositoryName) -> Void

    /// - Parameter onRemoval: told of tags that went, so that nothing remembers them.
    package init(
        rules: [RetentionRule], policy: RegistryPolicy, tags: any RetentionStore,
        manifests: any ManifestStore, now: @Sendable @escaping () -> Date,
        onRemoval: @Sendable @escaping ([Tag], RepositoryName) -> Void = { _, _ in }
    ) {
        self.rules = rules
        self.policy = policy
        self.tags = tags
        self.manifests = manifests
        self.now = now
        self.onRemoval = onRemoval
    }

    /// Runs over every repository that a rule speaks of, or over one.
    ///
    /// - Parameter isDryRun: to judge and remove nothing.
    package func run(
        isDryRun: Bool, only repository: RepositoryName? = nil, report: Report = { _, _, _ in }
    ) async throws -> RetentionSummary {
        var summary = RetentionSummary()
        if let repository {
            try await run(in: repository, isDryRun: isDryRun, &summary, report)
            return summary
        }
        var last: RepositoryName?
        repeat {
            let names = try await manifests.repositories(after: last, limit: Self.repositoriesPage)
            for name in names { try await run(in: name, isDryRun: isDryRun, &summary, report) }
            last = names.last
        } while last != nil
        return summary
    }

    private func run(
        in repository: RepositoryName, isDryRun: Bool, _ summary: inout RetentionSummary, _ report: Report
    ) async throws {
        let speaking = rules.filter { $0.repositories.matches(repository.text) }
        guard !speaking.isEmpty else { return }
        summary.repositories += 1
        let conditions = policy.conditions(for: repository)
        var judge = RetentionJudge(rules: speaking, conditions: conditions, now: now())
        var last: PushedTag?
        repeat {
            try Task.checkCancellation()
            let page = try await tags.tagsByPush(in: repository, after: last, limit: Self.pageSize)
            var verdicts = page.map { judge.judge($0) }
            if !isDryRun {
                let going = zip(page, verdicts).filter(\.1.isRemoval).map(\.0)
                let gone = try await remove(going, from: repository, under: conditions)
                for place in page.indices where verdicts[place].isRemoval && !gone.contains(page[place].tag) {
                    verdicts[place] = .changed
                }
            }
            for (tag, verdict) in zip(page, verdicts) {
                summary.count(verdict)
                try await report(repository, tag, verdict)
            }
            last = page.last
        } while last != nil
    }

    private func remove(
        _ going: [PushedTag], from repository: RepositoryName, under conditions: RepositoryConditions
    ) async throws -> Set<Tag> {
        guard !going.isEmpty else { return [] }
        let gone = try await tags.remove(going, in: repository, by: Self.account, under: conditions)
        onRemoval(gone, repository)
        Logger.current.info(
            "tags removed by retention",
            metadata: ["repository": "\(repository)", "count": "\(gone.count)"])
        return Set(gone)
    }
}

extension RetentionSummary {
    fileprivate mutating func count(_ verdict: RetentionVerdict) {
        switch verdict {
        case .unspoken: break
        case .goes: removed += 1
        case .immutable, .amongLast, .young, .changed: kept += 1
        }
    }
}
