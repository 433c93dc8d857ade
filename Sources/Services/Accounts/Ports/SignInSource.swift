package import Access
package import ServerKit

/// Somebody else who knows people: a program, a directory.
///
/// Asked for names that the own accounts do not have, one source after the other; the first that knows the name
/// has the last word.
package protocol SignInSource: Sendable {
    /// What it is called in the log.
    var name: String { get }

    func answer(
        _ account: AccountName, password: Secret, from address: String?
    ) async -> SourceAnswer

    /// Moves when what it has said before counts no more: when its list was read anew.
    var generation: UInt64 { get }

    /// What keeps it from being asked, in words for the operator; nil when nothing does. Asks for nobody.
    func trouble() async -> String?
}

extension SignInSource {
    package var generation: UInt64 { 0 }
    package func trouble() async -> String? { nil }
}

/// What a source says of a name and a password.
package enum SourceAnswer: Sendable, Hashable {
    /// They are right, and these are the account's labels.
    case signedIn(Labels)
    case wrongPassword
    /// The source does not know the name.
    case notMine
    /// It could not be asked; the sentence is for the operator.
    case cannotAsk(String)
}

/// Somebody else who decides what accounts may do, asked where no rule has decided.
package protocol AccessDecider: Sendable {
    /// Which of the asked actions are granted; nil when it has no opinion. What it throws grants nothing and is
    /// said to be a failure of ours.
    func granted(_ request: AccessRequest) async throws(StoreError) -> [String]?

    /// What keeps it from being asked, in words for the operator; nil when nothing does. Asks about nobody.
    func trouble() async -> String?
}

extension AccessDecider {
    package func trouble() async -> String? { nil }
}
