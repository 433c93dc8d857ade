package import FoundationEssentials
package import ServerKit

/// Something that somebody did. It never holds a secret.
package struct AuditEvent: Sendable, Hashable {
    package var at: Date
    /// The account, or what it called itself when it failed to sign in; empty for nobody.
    package var account: String
    package var origin: RequestOrigin
    package var action: AuditAction
    package var outcome: AuditOutcome
    /// What it was done to: a repository, an account, a rule's number.
    package var subject: String
    /// What else is to be known: the tag and the digest, what changed.
    package var detail: String
    /// How often, within a moment.
    package var count: Int

    /// The longest text of each field, in bytes; what is longer is cut.
    package static let textMax = 1000

    package init(
        at date: Date, account: String, origin: RequestOrigin, action: AuditAction,
        outcome: AuditOutcome = .done, subject: String, detail: String = "", count: Int = 1
    ) {
        self.at = date
        self.account = Self.cut(account)
        self.origin = origin
        self.action = action
        self.outcome = outcome
        self.subject = Self.cut(subject)
        self.detail = Self.cut(detail)
        self.count = count
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > textMax else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: textMax)
        while !text.unicodeScalars.indices.contains(end) { end = text.utf8.index(before: end) }
        return text[..<end] + "…"
    }
}

/// An event as it stands in the trail.
package struct AuditEntry: Sendable, Hashable {
    /// Its place in the trail: what was written later has a higher number.
    package let id: Int64
    package let event: AuditEvent

    package init(id: Int64, event: AuditEvent) {
        self.id = id
        self.event = event
    }
}

/// Which entries are asked for; what is nil does not matter.
package struct AuditFilter: Sendable, Hashable {
    package var account: String?
    package var action: AuditAction?
    package var subject: String?
    package var since: Date?
    package var until: Date?

    package init(
        account: String? = nil, action: AuditAction? = nil, subject: String? = nil, since: Date? = nil,
        until: Date? = nil
    ) {
        self.account = account
        self.action = action
        self.subject = subject
        self.since = since
        self.until = until
    }
}
