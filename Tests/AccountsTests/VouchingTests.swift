import Access
import Contracts
import FoundationEssentials
import ServerKit
import Testing

@testable import Accounts

/// Callers whom a proxy or a certificate names.
@Suite(.timeLimit(.minutes(1))) struct VouchingTests {
    private func house(_ change: (inout VouchingTerms) -> Void = { _ in }) async throws -> House {
        var terms = VouchingTerms()
        terms.groupsLabel = "groups"
        terms.labels = ["way": ["proxy"]]
        change(&terms)
        let house = House { [terms] in $0.vouching = [.header: terms] }
        try await house.services.keys.prepare()
        try await house.rule(1, name: "${labels:groups}/*", ["pull", "push"])
        try await house.rule(2, account: "zoe", name: "zoe/*", ["pull"])
        return house
    }

    private static func zoe(_ groups: [String] = []) -> Vouched {
        Vouched(.header, name: "zoe", groups: groups)
    }

    private func caller(_ house: House, _ vouched: Vouched?, _ authorization: String? = nil) async throws
        -> Caller
    {
        try await house.services.authorizer.caller(
            authorization: authorization, vouched: vouched, from: "192.0.2.7")
    }

    private func refusal(_ house: House, _ vouched: Vouched) async -> SignInError? {
        do throws(SignInError) {
            _ = try await house.services.authorizer.caller(authorization: nil, vouched: vouched, from: nil)
            return nil
        } catch {
            return error
        }
    }

    private func granted(_ house: House, _ caller: Caller, _ name: String) async throws -> [String] {
        try await house.services.authorizer.granted(
            ["pull", "push"], type: "repository", name: name, tag: .unknown, to: caller)
    }

    private func basic(_ name: String, _ password: String) -> String {
        "Basic " + Data("\(name):\(password)".utf8).base64EncodedString()
    }

    private func token(_ house: House, _ proof: TokenService.Proof, _ vouched: Vouched?) async throws
        -> String
    {
        try await house.services.tokenService.answer(
            .init(
                proof: proof, audience: try #require(house.services.tokenService.audience(named: nil)),
                scopes: [try Scope("repository:zoe/a:pull")], wantsRefreshToken: true, address: "192.0.2.7",
                vouched: vouched)
        ).token.text.revealed
    }

    @Test func whoIsNamedMayWhatTheirNameAndGroupsMay() async throws {
        let house = try await house()
        let zoe = try await caller(house, Self.zoe(["red", "blue"]))
        #expect(zoe.account.text == "zoe" && zoe.hasCredentials)
        #expect(try await granted(house, zoe, "red/a") == ["pull", "push"])
        #expect(try await granted(house, zoe, "zoe/a") == ["pull"])
        #expect(try await granted(house, zoe, "green/a") == [])
        let later = try await caller(house, Self.zoe(["green"]))
        #expect(try await granted(house, later, "red/a") == [], "the groups are those of the last word")
        let nobody = try await caller(house, nil)
        #expect(nobody.account.isAnonymous && !nobody.hasCredentials)
    }

    @Test func aGroupIsNoPattern() async throws {
        let house = try await house()
        let zoe = try await caller(house, Self.zoe(["*", "r*d"]))
        #expect(try await granted(house, zoe, "red/a") == [])
    }

    @Test func theTokenServerGivesThemTokensWithoutAPassword() async throws {
        let house = try await house()
        let token = try await token(house, .nothing, Self.zoe())
        #expect(try await house.granted(token, ["pull", "push"], on: "zoe/a") == ["pull"])
        let zoe = try await caller(house, nil, "Bearer \(token)")
        #expect(zoe.account.text == "zoe", "it is good without the proxy, too")
        try await house.add("zoe")
        #expect(await house.refusal(ofBearer: token) != nil, "the own account is somebody else")
    }

    @Test func theyGetNoRefreshToken() async throws {
        let house = try await house()
        let answer = try await house.services.tokenService.answer(
            .init(
                proof: .nothing, audience: try #require(house.services.tokenService.audience(named: nil)),
                wantsRefreshToken: true, vouched: Self.zoe()))
        #expect(answer.refreshToken == nil)
    }

    @Test func anOwnAccountIsNotTakenOver() async throws {
        let house = try await house()
        try await house.add("admin", "secret")
        let refusal = await refusal(house, Vouched(.header, name: "admin"))
        #expect(refusal == .refused("admin is an own account, which a proxy gives nobody"))
        let own = try await caller(house, Vouched(.header, name: "admin"), basic("admin", "secret"))
        #expect(own.account.text == "admin" && own.vouchedBy == nil, "its password is still good")
        await #expect(throws: SignInError.wrongCredentials) {
            _ = try await caller(house, Vouched(.header, name: "admin"), basic("admin", "wrong"))
        }
    }

    @Test func anOwnAccountIsGivenWhereThatIsConfigured() async throws {
        let house = try await house { $0.takesOwnAccounts = true }
        let name = try await house.add("robot", "secret")
        var change = AccountChange()
        change.labels = ["groups": ["red"]]
        _ = try await house.services.accounts.change(name, change)
        let robot = try await caller(house, Vouched(.header, name: "robot", groups: ["blue"]))
        #expect(try await granted(house, robot, "red/a") == ["pull", "push"])
        #expect(try await granted(house, robot, "blue/a") == [], "its labels are its own")
        let token = try await token(house, .nothing, Vouched(.header, name: "robot"))
        change.isDisabled = true
        _ = try await house.services.accounts.change(name, change)
        #expect(await refusal(house, Vouched(.header, name: "robot")) != nil)
        #expect(try await granted(house, robot, "red/a") == [])
        #expect(await house.refusal(ofBearer: token) != nil)
    }

    @Test func ownCredentialsComeBeforeWhoIsNamed() async throws {
        let house = try await house()
        try await house.add("bob", "secret")
        let zoe = Self.zoe(["red"])
        #expect(try await caller(house, zoe, basic("bob", "secret")).account.text == "bob")
        await #expect(throws: SignInError.wrongCredentials) {
            _ = try await caller(house, zoe, basic("bob", "wrong"))
        }
        let token = try await house.token("bob", "secret")
        #expect(try await caller(house, zoe, "Bearer \(token)").account.text == "bob")
        await #expect(throws: SignInError.self) { _ = try await caller(house, zoe, "Bearer x.y.z") }
    }

    /// A proxy that asks for passwords itself and passes them on.
    @Test func thePasswordOfWhoIsNamedWasAskedForInFront() async throws {
        let house = try await house()
        let zoe = try await caller(house, Self.zoe(["red"]), basic("zoe", "whatever"))
        #expect(try await granted(house, zoe, "red/a") == ["pull", "push"])
        let token = try await token(
            house, .credentials(.init(name: "zoe", password: Secret("whatever"))), Self.zoe())
        #expect(try await house.granted(token, ["pull"], on: "zoe/a") == ["pull"])
        #expect(await house.refusal(of: "zoe", "whatever") == .wrongCredentials, "not without the proxy")
    }

    /// Whoever shows a token wants what it is good for, and no more.
    @Test func aTokenIsNotOverlooked() async throws {
        let house = try await house()
        let access = try await house.services.tokens.create(for: try await house.add("bob"), name: "t")
        await #expect(throws: SignInError.wrongCredentials) {
            _ = try await caller(house, Self.zoe(), basic("zoe", access.text.revealed))
        }
    }

    @Test(arguments: [
        "", " ", "a b", "alice, mallory", "alice,mallory", "a/b", "../x", "a:b", "a\u{0}b", "a\nb", "ä", "*",
        "${labels:x}", "\u{2028}", String(repeating: "a", count: 201), "CN=alice",
    ])
    func namesOfOddCharactersNameNobody(_ name: String) async throws {
        let house = try await house()
        guard case .refused(let words) = await refusal(house, Vouched(.header, name: name)) else {
            Issue.record("`\(name)` is taken")
            return
        }
        #expect(words.contains("is no account's"), "\(words)")
    }

    @Test func whatIsUnusableIsSaid() async throws {
        let house = try await house()
        let vouched = Vouched(.header, problem: "the proxy sends X more than once")
        #expect(await refusal(house, vouched) == .refused("the proxy sends X more than once"))
    }

    @Test func nobodyVouchesInAWayThatIsNotConfigured() async throws {
        let house = try await house()
        #expect(await refusal(house, Vouched(.certificate, name: "zoe")) == .wrongCredentials)
    }

    @Test func aPrefixKeepsNamesApart() async throws {
        let house = try await house { $0.accountPrefix = "ext-" }
        try await house.add("zoe")
        let zoe = try await caller(house, Self.zoe(["red"]))
        #expect(zoe.account.text == "ext-zoe")
        #expect(try await granted(house, zoe, "zoe/a") == [])
        #expect(try await granted(house, zoe, "red/a") == ["pull", "push"])
    }

    /// Two who vouch for the same name do not change what the other one says.
    @Test func thoseOfASourceAreApart() async throws {
        struct Source: SignInSource {
            let name = "source"
            func answer(_ account: AccountName, password: Secret, from address: String?) async -> SourceAnswer
            {
                .signedIn(["groups": ["green"]])
            }
        }
        var terms = VouchingTerms()
        terms.groupsLabel = "groups"
        let house = House { [terms] in
            $0.vouching = [.header: terms]
            $0.sources = [Source()]
        }
        try await house.services.keys.prepare()
        try await house.rule(1, name: "${labels:groups}/*", ["pull"])
        let token = try await house.token("zoe", "x", scopes: ["repository:green/a:pull"])
        let zoe = try await caller(house, Self.zoe(["red"]))
        #expect(try await house.granted(token, ["pull"], on: "green/a") == ["pull"])
        #expect(try await granted(house, zoe, "red/a") == ["pull"])
        #expect(try await granted(house, zoe, "green/a") == [])
    }
}
