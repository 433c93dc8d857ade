/// What somebody did, as far as the trail speaks of it.
package enum AuditAction: String, Sendable, CaseIterable {
    case pull, push, delete, restore
    case removeRepository = "repository-remove"
    case signIn = "sign-in"
    case addAccount = "account-add"
    case changeAccount = "account-change"
    case removeAccount = "account-remove"
    case addRule = "rule-add"
    case moveRule = "rule-move"
    case removeRule = "rule-remove"
    case makeToken = "token-make"
    case revokeToken = "token-revoke"
    case addKey = "key-add"
    case removeKey = "key-remove"
    case addBan = "ban-add"
    case removeBan = "ban-remove"
    case retention, collection, verification, backup
    case adoption = "import"

    /// The kind by which it is recorded or not.
    package var kind: AuditKind {
        switch self {
        case .pull: .pulls
        case .push, .restore: .pushes
        case .delete, .removeRepository: .deletions
        case .signIn: .signIns
        case .addAccount, .changeAccount, .removeAccount, .addRule, .moveRule, .removeRule, .makeToken,
            .revokeToken, .addKey, .removeKey, .addBan, .removeBan:
            .changes
        case .retention, .collection, .verification, .backup, .adoption: .upkeep
        }
    }

    /// Those whose subject is a repository.
    package static let onRepositories: Set<AuditAction> = [
        .pull, .push, .delete, .restore, .removeRepository,
    ]
}

/// What is recorded or not.
package enum AuditKind: String, Sendable, CaseIterable {
    case pulls, pushes, deletions
    case signIns = "sign-ins"
    /// Of accounts, rules, tokens and keys.
    case changes
    /// What the server and the operator do for the data: retention, collection, verification.
    case upkeep
}

/// How it ended.
package enum AuditOutcome: String, Sendable, CaseIterable {
    case done
    /// It was not allowed.
    case refused
    /// Wrong credentials, or broken off.
    case failed
}
