package import Access
package import ServerKit

/// Where the access rules are kept.
///
/// Every backend passes `checkRuleStoreContract`.
package protocol RuleStore: Sendable {
    /// All rules, in order of `seq`.
    func rules() async throws(StoreError) -> [Rule]

    /// Adds a rule. Throws `.conflict` when its `seq` is taken.
    func add(_ rule: Rule) async throws(StoreError)

    /// Gives a rule another place. Throws `.missing` when there is none at `seq`, `.conflict` when `target`
    /// is taken.
    func move(_ seq: Int, to target: Int) async throws(StoreError)

    /// Removes a rule; false when there was none.
    func remove(_ seq: Int) async throws(StoreError) -> Bool
}
