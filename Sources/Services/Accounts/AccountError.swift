package import Access
package import ServerKit

/// Why an account, a token or a key could not be changed, in words for the operator who asked.
package enum AccountError: Error, Sendable, CustomStringConvertible {
    case nameTaken(AccountName)
    case unknownAccount(AccountName)
    /// What is wrong with the password; never the password.
    case password(String)
    /// The anonymous account has neither a password nor tokens.
    case anonymous(String)
    case tokenNameTaken(String)
    case unknownToken(String)
    /// There is a rule with this number.
    case ruleTaken(Int)
    case unknownRule(Int)
    case unknownKey(String)
    /// The key signs, so it cannot go.
    case keyInUse(String)
    /// What is wrong with a value that was given.
    case invalid(String)
    case store(StoreError)

    package var description: String {
        switch self {
        case .nameTaken(let name): "there is an account \"\(name)\" already"
        case .unknownAccount(let name): "there is no account \"\(name)\""
        case .password(let problem), .anonymous(let problem), .invalid(let problem): problem
        case .tokenNameTaken(let name): "the account has a token named \"\(name)\" already"
        case .unknownToken(let name): "there is no token \"\(name)\""
        case .ruleTaken(let seq):
            "there is a rule \(seq) already; give this one another place, or move that one"
        case .unknownRule(let seq): "there is no rule \(seq)"
        case .unknownKey(let id): "there is no key \(id)"
        case .keyInUse(let id): "key \(id) signs: put another in its place first (rotate), then remove it"
        case .store(let error): error.description
        }
    }
}
