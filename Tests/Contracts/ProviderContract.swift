import Access
package import Accounts
import FoundationEssentials
import ServerKit
import Testing

/// What every `IdentityProvider` promises.
///
/// - Parameters:
///   - provider: one that knows a person by this code, and whose own address begins with this.
///   - code: good for any number of sign-ins.
package func checkIdentityProviderContract(
    _ provider: some IdentityProvider, code: String, address: String
) async throws {
    #expect(!provider.name.isEmpty && !provider.title.isEmpty)
    let attempt = BrowserAttempt(
        state: "state-of-this", nonce: "n", verifier: Secret("verifier-of-this"),
        redirect: "https://registry.example/signin/x/callback")
    let goal = try await provider.address(for: attempt)
    #expect(goal.hasPrefix(address) && goal.contains("state-of-this"), "a browser goes there with its state")
    #expect(!goal.contains("verifier-of-this"), "and without what proves that we have sent it")

    let identity = try await provider.identity(code: Secret(code), issuer: nil, of: attempt)
    #expect(!identity.subject.isEmpty && !identity.account.isAnonymous)
    #expect(identity.labels.values.allSatisfy { $0.allSatisfy(\.isLiteral) }, "labels are no patterns")

    var person = Person(
        account: identity.account, provider: provider.name, subject: identity.subject,
        labels: identity.labels, grant: identity.grant, confirmedAt: Date(), createdAt: Date())
    let again = try await provider.identity(again: person)
    #expect(again.subject == identity.subject && again.account == identity.account, "the same person")
    person.grant = Array(identity.grant.reversed())
    do throws(ProviderError) {
        _ = try await provider.identity(again: person)
        Issue.record("a grant that is none was taken")
    } catch {
        guard case .needsBrowser = error else {
            Issue.record("\(error): without a grant a person has to come")
            return
        }
    }
}
