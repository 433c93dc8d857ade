import Access
import Contracts
import FoundationEssentials
import ServerKit
import Testing

@testable import Accounts

@Suite struct AccountManagerTests {
    private let house = House()
    private var accounts: AccountManager { house.services.accounts }

    @Test func anAccountIsAddedShownListedAndRemoved() async throws {
        let labels: Labels = ["full-access": ["test", "socke*"]]
        let waldi = try await accounts.add(
            AccountName("waldi"), password: .plain(Secret("wau")), labels: labels,
            expires: house.clock.now() + 60)
        #expect(try await accounts.account(named: waldi.name) == waldi)
        #expect(waldi.labels == labels && waldi.createdAt == house.clock.now() && !waldi.isDisabled)
        try await house.add("bob")
        #expect(try await accounts.list().map(\.name.text) == ["bob", "waldi"])
        #expect(try await accounts.list(after: AccountName("bob"), limit: 1).map(\.name.text) == ["waldi"])
        try await accounts.remove(waldi.name)
        await #expect(throws: AccountError.self) { try await accounts.account(named: waldi.name) }
        await #expect(throws: AccountError.self) { try await accounts.remove(waldi.name) }
    }

    @Test func aNameIsTakenOnce() async throws {
        try await house.add("bob")
        let error = await #expect(throws: AccountError.self) { try await house.add("bob") }
        #expect(error?.description.contains("bob") == true)
    }

    @Test func aChangeLeavesWhatItDoesNotName() async throws {
        let name = try AccountName("bob")
        _ = try await accounts.add(
            name, password: .plain(Secret("p")), labels: ["a": ["1"], "b": ["2"]],
            expires: house.clock.now() + 60)
        let before = try await accounts.account(named: name)
        let after = try await accounts.change(name, .init(labelChanges: ["a": [], "c": ["3"]]))
        #expect(after.labels == ["b": ["2"], "c": ["3"]])
        #expect(after.expires == before.expires && after.passwordHash == before.passwordHash)
        #expect(try await accounts.change(name, .init(expires: .never)).expires == nil)
        #expect(try await accounts.change(name, .init(labels: [:])).labels == [:])
        await #expect(throws: AccountError.self) {
            try await accounts.change(AccountName("nobody"), .init(isDisabled: true))
        }
    }

    @Test(
        arguments: [
            ["": ["x"]], ["a\n": ["x"]], ["a": [""]], ["a": ["x\0"]],
            ["a": [LabelValue(String(repeating: "x", count: 256))]],
        ] as [Labels])
    func labelsThatCannotBeMeantAreRefused(labels: Labels) async throws {
        await #expect(throws: AccountError.self) {
            try await accounts.add(AccountName("bob"), password: .none, labels: labels)
        }
    }

    @Test func aHashFromElsewhereIsTakenIfItIsOne() async throws {
        let name = try AccountName("bob")
        _ = try await accounts.add(name, password: .hashed(.init(storedText: PasswordTests.known[0])))
        _ = try await house.signIn("bob", "open sesame")
        await #expect(throws: AccountError.self) {
            try await accounts.setPassword(name, to: .hashed(.init(storedText: "bob:$2y$05$x")))
        }
        try await accounts.setPassword(name, to: .none)
        #expect(await house.refusal(of: "bob", "open sesame") == .wrongCredentials)
    }

    @Test func theAnonymousAccountNeverHasAPassword() async throws {
        await #expect(throws: AccountError.self) {
            try await accounts.add(.anonymous, password: .plain(Secret("p")))
        }
        _ = try await accounts.add(.anonymous, password: .none)
        await #expect(throws: AccountError.self) {
            try await accounts.setPassword(.anonymous, to: .hashed(.init(storedText: PasswordTests.known[0])))
        }
    }

    @Test func aRuleThatCannotBeCompiledIsNotStored() async throws {
        let rules = house.services.rules
        let error = await #expect(throws: AccountError.self) {
            try await rules.add(Rule(seq: 1, match: .init(name: "/(/"), actions: ["pull"]))
        }
        #expect(error?.description.contains("rule 1") == true)
        try await rules.add(Rule(seq: 1, actions: ["pull"]))
        await #expect(throws: AccountError.self) { try await rules.add(Rule(seq: 1, actions: ["push"])) }
        try await rules.move(1, to: 5)
        await #expect(throws: AccountError.self) { try await rules.move(1, to: 6) }
        #expect(try await rules.rules().map(\.seq) == [5])
        let why = try await rules.explain(
            AccessRequest(account: try AccountName("a"), name: "x", actions: ["*"]))
        #expect(why.decision.rule == 5 && why.decision.granted == ["pull"])
        try await rules.remove(5)
        await #expect(throws: AccountError.self) { try await rules.remove(5) }
    }
}
