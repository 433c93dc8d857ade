import Access
import FoundationEssentials
import OCI

/// Decides about the tags of one repository, which are shown to it one by one, the one pushed last first. It
/// remembers no tag, only how many it has seen for each rule.
struct RetentionJudge {
    private let rules: [RetentionRule]
    private let conditions: RepositoryConditions
    private let now: Date
    private var counts: [Int]

    /// - Parameter rules: those that speak of the repository.
    init(rules: [RetentionRule], conditions: RepositoryConditions, now: Date) {
        self.rules = rules
        self.conditions = conditions
        self.now = now
        self.counts = rules.map { _ in 0 }
    }

    mutating func judge(_ tag: PushedTag) -> RetentionVerdict {
        var speaking: [RetentionRule] = []
        var keeping: RetentionVerdict?
        let age = now.timeIntervalSince(tag.pushedAt)
        for (place, rule) in rules.enumerated() where rule.tags.matches(tag.tag.text) {
            speaking.append(rule)
            // Every tag that a rule speaks of counts for its last ones, also one that stays for other reasons.
            counts[place] += 1
            guard keeping == nil else { continue }
            if let last = rule.keepLast, counts[place] <= last {
                keeping = .amongLast(rank: counts[place], rule)
            } else if let span = rule.keepYounger, age < span {
                keeping = .young(rule)
            }
        }
        if speaking.isEmpty { return .unspoken }
        if conditions.keeps(tag.tag) { return .immutable }
        return keeping ?? .goes(speaking)
    }
}
