/// Who asks to do what, from where: what a policy decides on.
package struct AccessRequest: Hashable, Sendable {
    package var account: AccountName
    package var labels: Labels
    /// The client's address as text, `192.0.2.7` or `2001:db8::1`; nil when it is not known (a unix socket).
    package var ip: String?
    /// The audience of the token, as the client named it; empty when it named none.
    package var service: String
    /// `repository`, `registry`, …
    package var type: String
    /// The resource, `team/app`, without a host's name.
    package var name: String
    package var actions: [String]
    package var tag: TagContext

    package init(
        account: AccountName, labels: Labels = [:], ip: String? = nil, service: String = "",
        type: String = "repository", name: String, actions: [String], tag: TagContext = .unknown
    ) {
        self.account = account
        self.labels = labels
        self.ip = ip
        self.service = service
        self.type = type
        self.name = name
        self.actions = actions
        self.tag = tag
    }
}

/// What is known of the tag when a rule that names tags is asked.
package enum TagContext: Hashable, Sendable {
    /// A token is asked for, or a blob: which tag is meant will be seen later. A rule with a tag condition
    /// whose other conditions hold *may* grant: its actions are added to what the deciding rule without one
    /// grants.
    case unknown
    /// A manifest by one of these tags. A rule with a tag condition holds when any of them matches; with an
    /// empty list (a manifest without a tag) it does not.
    case known([String])
}

/// What a policy answers: which of the asked actions are granted, and which rule said so.
package struct Decision: Hashable, Sendable {
    /// A subset of what was asked, in the order asked, without doubles.
    package let granted: [String]
    /// The `seq` of the deciding rule; nil when no rule matched, which grants nothing.
    package let rule: Int?
    /// Rules with a tag condition that added to `granted` while the tag was unknown.
    package let tagRules: [Int]

    package init(granted: [String], rule: Int?, tagRules: [Int] = []) {
        self.granted = granted
        self.rule = rule
        self.tagRules = tagRules
    }
}
