import Access
import Contracts
import ServerKit
import Testing

@testable import Accounts

/// Services that take the place of others on the same stores, while those may go on.
@Suite struct SuccessionTests {
    private func signIn(
        _ services: AccountServices, _ name: String, _ password: String
    ) async -> SignInError? {
        do throws(SignInError) {
            _ = try await services.signIn.signIn(
                BasicCredentials(name: name, password: Secret(password)), from: "192.0.2.7")
            return nil
        } catch {
            return error
        }
    }

    @Test func whoGuessesDoesNotBeginAnew() async throws {
        let house = House()
        try await house.add("alice")
        for _ in 0..<5 { _ = await house.refusal(of: "alice", "wrong") }
        let next = house.successors()
        guard case .tooManyAttempts? = await signIn(next, "alice", "open sesame") else {
            Issue.record("the brake was let go")
            return
        }
    }

    @Test func aTokenFromBeforeCountsAndSoDoesARemovalAfter() async throws {
        let house = House()
        try await house.add("alice")
        try await house.services.keys.prepare()
        let token = try await house.token("alice")
        let next = house.successors { $0.requestsPerMinute = 5 }
        let caller = try await next.authorizer.caller(authorization: "Bearer \(token)", from: nil)
        #expect(caller.account == (try AccountName("alice")))
        try await next.accounts.remove(try AccountName("alice"))
        #expect(await house.refusal(ofBearer: token) != nil, "those from before know it, too")
    }

    @Test func guestsAreKnownWhileTheirSourceIsTheSame() async throws {
        let hasher = PasswordHasher(cost: 8, threads: BlockingThreads(count: 1, queueMax: 8))
        let hash = try await hasher.hash(Secret("list"))
        func list() throws -> ListedPeople {
            ListedPeople("list", [try AccountName("bob"): .init(hash: hash, labels: [:])], hasher: hasher)
        }
        let source = try list()
        let house = House { $0.sources = [source] }
        try await house.services.keys.prepare()
        let token = try await house.token("bob", "list")
        let same = house.successors { $0.sources = [source] }
        _ = try await same.authorizer.caller(authorization: "Bearer \(token)", from: nil)
        // Another source of that name may know others.
        let other = try list()
        let others = house.successors { $0.sources = [other] }
        await #expect(throws: SignInError.self) {
            _ = try await others.authorizer.caller(authorization: "Bearer \(token)", from: nil)
        }
        #expect(await signIn(others, "bob", "list") == nil)
    }
}
