import Access
import Contracts
import FoundationEssentials
import ServerKit
import Testing

@testable import Accounts

@Suite struct RefreshTokenTests {
    private func issued(_ house: House, _ name: String = "alice") async throws -> Secret {
        let answer = try await house.answer(
            .credentials(.init(name: name, password: Secret("open sesame"))), offline: true)
        return try #require(answer.refreshToken)
    }

    private func ready(_ change: (inout AccountServices.Settings) -> Void = { _ in }) async throws -> House {
        let house = House(change)
        try await house.services.keys.prepare()
        try await house.add("alice")
        return house
    }

    private func refusal(_ house: House, _ token: Secret, service: String = House.service) async
        -> SignInError?
    {
        do {
            _ = try await house.answer(.refreshToken(token), [], service)
            return nil
        } catch {
            return error as? SignInError
        }
    }

    @Test func itStandsForItsAccountAndIsHandedBackUnchanged() async throws {
        let house = try await ready()
        let token = try await issued(house)
        for _ in 0..<3 {
            let answer = try await house.answer(.refreshToken(token))
            #expect(answer.refreshToken?.revealed == token.revealed)
            #expect(await house.refusal(ofBearer: answer.token.text.revealed) == nil)
        }
        #expect(house.failures.isEmpty)
    }

    @Test func itIsMadeOnlyWhenItIsWantedAndAPasswordWasShown() async throws {
        let house = try await ready()
        let plain = try await house.answer(
            .credentials(.init(name: "alice", password: Secret("open sesame"))))
        #expect(plain.refreshToken == nil)
        let access = try await house.services.tokens.create(for: try AccountName("alice"), name: "ci").text
        let robot = try await house.answer(
            .credentials(.init(name: "alice", password: access)), offline: true)
        #expect(robot.refreshToken == nil, "it would outlive the access token and its bounds")
        _ = try await house.services.accounts.add(.anonymous, password: .none)
        #expect(try await house.answer(.nothing, offline: true).refreshToken == nil)
    }

    enum Ending: CaseIterable {
        case revoked, password, passwordBehindOurBack, disabled, expired, removed, idle, absolute
    }

    @Test(arguments: Ending.allCases) func itEnds(how: Ending) async throws {
        let house = try await ready {
            $0.refreshTokens.idle = 1000
            $0.refreshTokens.absolute = 3000
        }
        let (alice, accounts) = (try AccountName("alice"), house.services.accounts)
        let token = try await issued(house)
        let bearer = try await house.answer(.refreshToken(token)).token.text.revealed
        switch how {
        case .revoked:
            try await house.services.tokens.revoke(try await house.services.tokens.list(of: alice)[0].id)
        case .password: try await accounts.setPassword(alice, to: .plain(Secret("other")))
        case .passwordBehindOurBack:
            var account = try await accounts.account(named: alice)
            account.passwordHash = .init(storedText: PasswordTests.known[0])
            try await house.store.update(account)
        case .disabled: _ = try await accounts.change(alice, .init(isDisabled: true))
        case .expired: _ = try await accounts.change(alice, .init(expires: .at(house.clock.now())))
        case .removed:
            try await accounts.remove(alice)
            try await house.add("alice")
        case .idle: house.clock.advance(1000)
        case .absolute:
            for _ in 0..<4 {
                house.clock.advance(740)
                #expect(await refusal(house, token) == nil)
            }
            house.clock.advance(740)
        }
        #expect(await refusal(house, token) == .wrongCredentials)
        #expect(house.failures.count == 1)
        guard how != .passwordBehindOurBack else { return }
        #expect(await house.refusal(ofBearer: bearer) != nil, "and what was issued for it ends too")
    }

    @Test func itIsGoodForOneServiceOnly() async throws {
        let house = try await ready()
        let token = try await issued(house)
        #expect(await refusal(house, token, service: "other.example") == .wrongCredentials)
    }

    @Test func itIsNeitherAPasswordNorABearerToken() async throws {
        let house = try await ready()
        let token = try await issued(house)
        #expect(await house.refusal(of: "alice", token.revealed) == .wrongCredentials)
        #expect(await house.refusal(ofBearer: token.revealed) != nil)
        let access = try await house.services.tokens.create(for: try AccountName("alice"), name: "ci").text
        #expect(await refusal(house, access) == .wrongCredentials)
    }

    @Test(arguments: ["", "x", "hpr_aaaaaaaaaaaaaaaa_bbbb"]) func whatIsNoneIsRefused(text: String)
        async throws
    {
        let house = try await ready()
        #expect(await refusal(house, Secret(text)) == .wrongCredentials)
    }

    @Test func anAccountHoldsSoManyAndTheLongestUnusedGoes() async throws {
        let house = try await ready { $0.refreshTokens.perAccount = 3 }
        var tokens: [Secret] = []
        for _ in 0..<3 {
            tokens.append(try await issued(house))
            house.clock.advance(10)
        }
        _ = try await house.answer(.refreshToken(tokens[0]))
        tokens.append(try await issued(house))
        #expect(await refusal(house, tokens[1]) == .wrongCredentials)
        for kept in [tokens[0], tokens[2], tokens[3]] { #expect(await refusal(house, kept) == nil) }
    }
}
