import Access
import ServerKit

/// How much an account may ask, of the registry and of the token server together.
///
/// Nobody is no account: those who do not sign in are told apart by their addresses.
struct AccountBudget: Sendable {
    private let requests: RequestBudget<AccountName>?

    /// - Parameter perMinute: nil for as much as it likes.
    init(perMinute: Int?) { requests = perMinute.map { RequestBudget(perMinute: $0) } }

    /// Takes one request.
    func take(_ account: AccountName) throws(SignInError) {
        guard let requests, !account.isAnonymous, let wait = requests.take(account) else { return }
        throw .tooManyRequests(retryAfter: wait)
    }
}
