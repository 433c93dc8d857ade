import Access
import ServerKit

/// How much an account may ask, of the registry and of the token server together.
///
/// Nobody is no account: those who do not sign in are told apart by their addresses.
struct AccountBudget: Sendable {
    private let perMinute: Int?
    private let requests: RequestBudget<AccountName>?

    /// - Parameters:
    ///   - perMinute: nil for as much as it likes.
    ///   - predecessor: what was taken from it is taken from this one, if it is as large.
    init(perMinute: Int?, succeeding predecessor: AccountBudget? = nil) {
        self.perMinute = perMinute
        requests =
            predecessor?.perMinute == perMinute
            ? predecessor?.requests : perMinute.map { RequestBudget(perMinute: $0) }
    }

    /// Takes one request.
    func take(_ account: AccountName) throws(SignInError) {
        guard let requests, !account.isAnonymous, let wait = requests.take(account) else { return }
        throw .tooManyRequests(retryAfter: wait)
    }
}
