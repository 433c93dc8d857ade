import Access
import Contracts
import FoundationEssentials
import ServerKit
import Testing

@testable import Accounts

/// Who may do what at the moment they ask, also with a token that was issued before.
@Suite struct AccessControlTests {
    private let house = House()
    private let scope = "repository:alice/app:pull,push"

    private func ready() async throws -> AccountName {
        try await house.services.keys.prepare()
        let alice = try await house.add("alice")
        try await house.rule(10, account: "alice", name: "alice/*", ["pull", "push"])
        return alice
    }

    @Test func aTokenGrantsWhatItSaysAndNoMore() async throws {
        _ = try await ready()
        let token = try await house.token("alice", scopes: ["repository:alice/app:pull"])
        #expect(try await house.granted(token, ["pull", "push"], on: "alice/app") == ["pull"])
        #expect(try await house.granted(token, ["pull"], on: "alice/other") == [])
        #expect(try await house.granted(token, ["delete"], on: "alice/app") == [])
    }

    @Test func theSameTokenIsAnsweredFromMemoryWhileNothingChanges() async throws {
        _ = try await ready()
        let token = try await house.token("alice", scopes: [scope])
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
        house.store.fail(with: StoreError(.unavailable, "away"))
        #expect(try await house.granted(token, ["pull", "push"], on: "alice/app") == ["pull", "push"])
        #expect(await house.refusal(ofBearer: token + "x") != nil)
    }

    @Test func whileTheStoreIsAwayTokensGoOnAndNobodySignsIn() async throws {
        let alice = try await ready()
        let made = try await house.services.tokens.create(for: alice, name: "ci", scopes: [], expires: nil)
        house.store.lies(.there)
        let tokens = [
            try await house.token("alice", scopes: [scope]),
            try await house.token("alice", made.text.revealed, scopes: [scope]),
        ]
        let never = try await house.token("alice", scopes: [scope])
        for token in tokens { #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"]) }
        house.store.lies(.away)
        for token in tokens + [never] {
            #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
        }
        #expect(await house.refusal(of: "alice", "open sesame") == .unavailable, "also who was here just now")
        #expect(await house.refusal(of: "bob", "open sesame") == .unavailable)
        house.clock.advance(86_400 * 2)
        #expect(await house.refusal(ofBearer: tokens[0]) != nil, "they end as they would have")

        house.store.lies(.there)
        #expect(await house.refusal(of: "alice", "open sesame") == nil)
        _ = try await house.services.accounts.change(alice, .init(isDisabled: true))
        #expect(await house.refusal(ofBearer: tokens[0]) != nil)
    }

    enum Change: CaseIterable { case disabled, expired, expiresLater, removed, otherPassword }

    @Test(arguments: Change.allCases) func whatBefallsAnAccountBefallsItsTokensAtOnce(change: Change)
        async throws
    {
        let alice = try await ready()
        let token = try await house.token("alice", scopes: [scope])
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
        let accounts = house.services.accounts
        switch change {
        case .disabled: _ = try await accounts.change(alice, .init(isDisabled: true))
        case .expired: _ = try await accounts.change(alice, .init(expires: .at(house.clock.now())))
        case .expiresLater:
            _ = try await accounts.change(alice, .init(expires: .at(house.clock.now() + 5)))
            #expect(await house.refusal(ofBearer: token) == nil)
            house.clock.advance(5)
        case .removed:
            try await accounts.remove(alice)
            try await house.add("alice", "another person")
        case .otherPassword: try await accounts.setPassword(alice, to: .plain(Secret("other")))
        }
        guard case .invalidToken = await house.refusal(ofBearer: token) else {
            Issue.record("the token still stands")
            return
        }
    }

    @Test func aCallerFromBeforeIsGrantedNothingOnceTheAccountIsDisabled() async throws {
        let alice = try await ready()
        let token = try await house.token("alice", scopes: [scope])
        let caller = try await house.services.authorizer.caller(authorization: "bearer \(token)", from: nil)
        _ = try await house.services.accounts.change(alice, .init(isDisabled: true))
        let granted = try await house.services.authorizer.granted(
            ["pull"], type: "repository", name: "alice/app", tag: .unknown, to: caller)
        #expect(granted == [])
    }

    @Test func aChangedRuleCountsForTokensAlreadyIssued() async throws {
        _ = try await ready()
        let token = try await house.token("alice", scopes: [scope])
        try await house.rule(5, account: "alice", name: "alice/app", ["pull"])
        #expect(try await house.granted(token, ["pull", "push"], on: "alice/app") == ["pull"])
        try await house.services.rules.remove(5)
        #expect(try await house.granted(token, ["pull", "push"], on: "alice/app") == ["pull", "push"])
    }

    @Test func aRuleCountsBetweenItsDates() async throws {
        _ = try await ready()
        try await house.services.rules.add(
            Rule(
                seq: 1, match: .init(account: "alice"), actions: [],
                notBefore: house.clock.now() + 10, notAfter: house.clock.now() + 20))
        let token = try await house.token("alice", scopes: [scope])
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
        house.clock.advance(15)
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == [])
        house.clock.advance(10)
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
    }

    @Test func aRevokedAccessTokenTakesItsBearerTokensAlong() async throws {
        let alice = try await ready()
        let made = try await house.services.tokens.create(for: alice, name: "ci")
        let token = try await house.token("alice", made.text.revealed, scopes: [scope])
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
        try await house.services.tokens.revoke(made.stored.id)
        #expect(await house.refusal(ofBearer: token) != nil)
    }

    @Test func anExpiredAccessTokenTakesItsBearerTokensAlong() async throws {
        let alice = try await ready()
        let made = try await house.services.tokens.create(
            for: alice, name: "ci", expires: house.clock.now() + 10)
        let token = try await house.token("alice", made.text.revealed, scopes: [scope])
        #expect(await house.refusal(ofBearer: token) == nil)
        house.clock.advance(10)
        #expect(await house.refusal(ofBearer: token) != nil)
    }

    @Test func anAccessTokenIsNeverMoreThanItsScopesNorThanItsAccount() async throws {
        let alice = try await ready()
        let made = try await house.services.tokens.create(
            for: alice, name: "ci", scopes: ["repository:alice/app:pull", "repository:secret/*:*"])
        let token = try await house.token(
            "alice", made.text.revealed,
            scopes: ["repository:alice/app:pull,push", "repository:alice/b:pull", "repository:secret/x:pull"])
        #expect(try await house.granted(token, ["pull", "push"], on: "alice/app") == ["pull"])
        #expect(try await house.granted(token, ["pull"], on: "alice/b") == [])
        #expect(try await house.granted(token, ["pull"], on: "secret/x") == [])

        let caller = try await house.services.authorizer.caller(authorization: "Bearer \(token)", from: nil)
        let beyond = try await house.services.authorizer.granted(
            ["pull"], type: "repository", name: "alice/b", tag: .unknown, to: caller.withoutGrants)
        #expect(beyond == [], "the bounds hold without the token's own grants too")
    }

    @Test func anAccessTokenIsBoundInTheHandsOfARegistryTooWithBasic() async throws {
        let alice = try await ready()
        let made = try await house.services.tokens.create(
            for: alice, name: "ci", scopes: ["repository:alice/app:pull"])
        let basic = Data("alice:\(made.text.revealed)".utf8).base64EncodedString()
        let caller = try await house.services.authorizer.caller(authorization: "Basic \(basic)", from: nil)
        #expect(caller.grants == nil && caller.hasCredentials)
        let authorizer = house.services.authorizer
        #expect(
            try await authorizer.granted(
                ["pull", "push"], type: "repository", name: "alice/app", tag: .unknown, to: caller) == [
                    "pull"
                ])
        #expect(
            try await authorizer.granted(
                ["pull"], type: "repository", name: "alice/b", tag: .unknown, to: caller) == [])
    }

    @Test func basicWithThePasswordIsJudgedByTheRulesAlone() async throws {
        _ = try await ready()
        let basic = Data("alice:open sesame".utf8).base64EncodedString()
        let caller = try await house.services.authorizer.caller(authorization: "BASIC  \(basic)", from: nil)
        let granted = try await house.services.authorizer.granted(
            ["delete", "push", "pull"], type: "repository", name: "alice/app", tag: .unknown, to: caller)
        #expect(granted == ["push", "pull"], "in the order asked")
    }

    @Test(arguments: ["", "Basic", "Basic ", "Basic !!!", "Basic b25seWFuYW1l", "Digest x", "Bearer"])
    func aHeaderThatIsNeitherIsRefused(header: String) async throws {
        await #expect(throws: SignInError.self) {
            try await house.services.authorizer.caller(authorization: header, from: nil)
        }
    }

    @Test func aTagDecidesOnceItIsKnown() async throws {
        _ = try await ready()
        try await house.services.rules.add(
            Rule(
                seq: 1, match: .init(account: "alice", name: "prod/app", tag: "v*"),
                actions: ["push", "pull"]))
        let token = try await house.token("alice", scopes: ["repository:prod/app:pull,push"])
        #expect(try await house.granted(token, ["push"], on: "prod/app") == ["push"])
        let authorizer = house.services.authorizer
        let caller = try await authorizer.caller(authorization: "Bearer \(token)", from: nil)
        for (tag, expected) in [("v1", ["push"]), ("latest", [])] {
            let granted = try await authorizer.granted(
                ["push"], type: "repository", name: "prod/app", tag: .known([tag]), to: caller)
            #expect(granted == expected)
        }
    }

    @Test func aRuleMayAskForTheAddress() async throws {
        _ = try await ready()
        try await house.services.rules.add(
            Rule(seq: 1, match: .init(account: "alice", ip: "203.0.113.0/24"), actions: []))
        let token = try await house.token("alice", scopes: [scope])
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
        let caller = try await house.services.authorizer.caller(
            authorization: "Bearer \(token)", from: "203.0.113.9")
        let granted = try await house.services.authorizer.granted(
            ["pull"], type: "repository", name: "alice/app", tag: .unknown, to: caller)
        #expect(granted == [])
    }

    @Test func nobodyMayDoNothingUnlessThereIsAnAnonymousAccount() async throws {
        _ = try await ready()
        try await house.rule(1, name: "public/*", ["pull"])
        let authorizer = house.services.authorizer
        let caller = try await authorizer.caller(authorization: nil, from: nil)
        #expect(caller.account.isAnonymous && !caller.hasCredentials)
        func granted() async throws -> [String] {
            try await authorizer.granted(
                ["pull", "push"], type: "repository", name: "public/app", tag: .unknown, to: caller)
        }
        #expect(try await granted() == [])
        _ = try await house.services.accounts.add(.anonymous, password: .none)
        #expect(try await granted() == ["pull"])
        let token = try await house.answer(.nothing, ["repository:public/app:pull"]).token.text.revealed
        #expect(try await house.granted(token, ["pull"], on: "public/app") == ["pull"])
        _ = try await house.services.accounts.change(.anonymous, .init(isDisabled: true))
        #expect(try await granted() == [])
        #expect(await house.refusal(ofBearer: token) != nil)
    }

    @Test func rulesThatCannotBeUsedLeaveThoseFromBefore() async throws {
        _ = try await ready()
        let token = try await house.token("alice", scopes: [scope])
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
        try await house.store.add(Rule(seq: 1, match: .init(name: "/(/"), actions: ["*"]))
        #expect(try await house.granted(token, ["pull"], on: "alice/app") == ["pull"])
        #expect(try await house.granted(token, ["pull"], on: "other/app") == [])
        try await house.services.rules.remove(1)
    }

    @Test func withoutRulesThatCanBeUsedNothingIsDecided() async throws {
        let house = House()
        try await house.services.keys.prepare()
        try await house.add("alice")
        try await house.store.add(Rule(seq: 1, match: .init(name: "/(/"), actions: ["*"]))
        await #expect(throws: SignInError.unavailable) {
            try await house.token("alice", scopes: ["repository:a:pull"])
        }
    }

    @Test func aStoreThatIsAwayIsSaidSo() async throws {
        _ = try await ready()
        let token = try await house.token("alice", scopes: [scope])
        try await house.add("bob")
        house.store.fail(with: StoreError(.unavailable, "away"))
        #expect(await house.refusal(ofBearer: token) == .unavailable)
        await #expect(throws: SignInError.unavailable) {
            try await house.services.authorizer.sessionAccount(authorization: "Bearer \(token)")
        }
    }

    // MARK: Uploads that outlive their token

    @Test func anEndedTokenStillSaysWhoBeganAnUploadForADay() async throws {
        let alice = try await ready()
        let token = try await house.token("alice", scopes: [scope])
        let authorizer = house.services.authorizer
        #expect(
            try await authorizer.sessionAccount(authorization: "Bearer \(token)") == nil, "it has not ended")
        house.clock.advance(911)
        #expect(await house.refusal(ofBearer: token) == .invalidToken("the token has expired"))
        #expect(try await authorizer.sessionAccount(authorization: "Bearer \(token)") == alice)
        #expect(try await authorizer.sessionAccount(authorization: nil) == nil)
        #expect(try await authorizer.sessionAccount(authorization: "Bearer x\(token)") == nil)
        house.clock.advance(86_400)
        #expect(try await authorizer.sessionAccount(authorization: "Bearer \(token)") == nil)
    }

    @Test func anEndedTokenOfADisabledAccountSaysNothing() async throws {
        let alice = try await ready()
        let token = try await house.token("alice", scopes: [scope])
        house.clock.advance(911)
        _ = try await house.services.accounts.change(alice, .init(isDisabled: true))
        #expect(
            try await house.services.authorizer.sessionAccount(authorization: "Bearer \(token)") == nil)
    }
}
