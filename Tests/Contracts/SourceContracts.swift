package import Access
package import Accounts
import FoundationEssentials
import ServerKit
import Testing

/// What every `SignInSource` promises.
///
/// - Parameters:
///   - source: one that knows this account with this password and these labels, and not `stranger`.
package func checkSignInSourceContract(
    _ source: some SignInSource, knows account: AccountName, password: String, labels: Labels,
    stranger: AccountName
) async {
    #expect(!source.name.isEmpty)
    let right = await source.answer(account, password: Secret(password), from: "192.0.2.7")
    #expect(right == .signedIn(labels), "who is known signs in, with the labels")
    let again = await source.answer(account, password: Secret(password), from: nil)
    #expect(again == right, "also without an address")
    for wrong in [password + "x", "", " " + password, String(repeating: "x", count: 100_000)] {
        let answer = await source.answer(account, password: Secret(wrong), from: nil)
        #expect(answer == .wrongPassword, "another password is wrong")
    }
    let unknown = await source.answer(stranger, password: Secret(password), from: nil)
    #expect(unknown == .notMine, "a stranger is somebody else's, and not refused")
}

/// What every `AccessDecider` promises.
///
/// - Parameters:
///   - granted: a request of which all is granted, and one of which nothing is.
package func checkAccessDeciderContract(
    _ decider: some AccessDecider, granted: AccessRequest, refused: AccessRequest
) async throws {
    #expect(try await decider.granted(granted) == granted.actions, "what is granted was asked, in that order")
    #expect(try await decider.granted(refused)?.isEmpty != false, "what is refused is nothing, or no opinion")
}
