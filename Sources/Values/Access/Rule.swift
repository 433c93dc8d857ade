package import FoundationEssentials

/// One line of the access rules: whom and what it matches, and which actions it then grants.
///
/// Rules are asked in the order of `seq`; the first whose conditions all hold decides.
package struct Rule: Hashable, Sendable {
    /// The place in the order, unique among the rules.
    package var seq: Int
    package var match: Match
    /// `["*"]` grants whatever is asked; an empty list refuses.
    package var actions: [String]
    package var comment: String?
    /// The first and the last moment at which the rule counts; nil leaves that side open.
    package var notBefore: Date?
    package var notAfter: Date?

    /// The conditions of a rule. One that is absent holds; a match without any holds for everything.
    package struct Match: Hashable, Sendable {
        package var account: String?
        package var type: String?
        package var name: String?
        package var service: String?
        /// An address or a CIDR range.
        package var ip: String?
        /// Label name to pattern: all must hold, each for any of the account's values.
        package var labels: [String: String]
        /// A pattern for tags, which the registry enforces on manifests.
        package var tag: String?

        package init(
            account: String? = nil, type: String? = nil, name: String? = nil, service: String? = nil,
            ip: String? = nil, labels: [String: String] = [:], tag: String? = nil
        ) {
            self.account = account
            self.type = type
            self.name = name
            self.service = service
            self.ip = ip
            self.labels = labels
            self.tag = tag
        }
    }

    package init(
        seq: Int, match: Match = Match(), actions: [String], comment: String? = nil, notBefore: Date? = nil,
        notAfter: Date? = nil
    ) {
        self.seq = seq
        self.match = match
        self.actions = actions
        self.comment = comment
        self.notBefore = notBefore
        self.notAfter = notAfter
    }
}
