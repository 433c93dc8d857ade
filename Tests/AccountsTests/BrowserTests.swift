import Access
import Contracts
import FoundationEssentials
import InMemoryLogging
import Logging
import ServerKit
import Synchronization
import Testing

@testable import Accounts

/// A provider that says what a test wants.
private final class Oracle: IdentityProvider {
    struct State {
        var answer: Result<Identity, ProviderError> = .failure(.unavailable("nobody has said anything"))
        var asked = 0
    }

    let name: String
    var title: String { "The Oracle" }
    private let state = Mutex(State())

    init(_ name: String = "oracle") { self.name = name }

    var asked: Int { state.withLock { $0.asked } }

    func says(_ account: String, _ subject: String, groups: [LabelValue] = ["red"]) throws {
        let identity = Identity(
            subject: subject, account: try AccountName(account), labels: ["groups": groups], grant: [1])
        state.withLock { $0.answer = .success(identity) }
    }

    func fails(_ error: ProviderError) { state.withLock { $0.answer = .failure(error) } }

    func address(for attempt: BrowserAttempt) async throws(ProviderError) -> String {
        "https://oracle.example/?state=\(attempt.state)&redirect=\(attempt.redirect ?? "")"
    }

    func identity(
        code: Secret, issuer: String?, of attempt: BrowserAttempt
    ) async throws(ProviderError) -> Identity { try answer() }

    func identity(again person: Person) async throws(ProviderError) -> Identity { try answer() }

    func trouble() async -> String? { nil }

    private func answer() throws(ProviderError) -> Identity {
        try state.withLock { state in
            state.asked += 1
            return state.answer
        }.get()
    }
}

/// People who sign in by browser, at the whole service.
@Suite(.timeLimit(.minutes(1))) struct BrowserTests {
    private let oracle = Oracle()
    private let other = Oracle("other")
    private let house: House
    private let browser: BrowserSignIn

    init() async throws {
        let vouchers = [BrowserSignIn.Voucher(oracle), BrowserSignIn.Voucher(other)]
        house = House {
            $0.browser = .init(
                vouchers: vouchers, store: InMemoryPeople(), publicURL: "https://registry.example")
        }
        browser = try #require(house.services.browser)
        try await house.services.keys.prepare()
        try await house.rule(1, name: "${labels:groups}/*", ["pull", "push"])
    }

    private func state(_ departure: BrowserSignIn.Departure) -> String {
        String(departure.address.split(separator: "=")[1].prefix { $0 != "&" })
    }

    /// Signs somebody in, with what the provider says.
    private func arrive(_ provider: String = "oracle") async throws -> Secret {
        let departure = try #require(try await browser.begin(provider))
        return try await browser.finish(
            provider, state: state(departure), code: .success(Secret("c")), issuer: nil,
            ticket: departure.ticket, from: "192.0.2.7")
    }

    private func refusal(
        _ provider: String = "oracle", state: String?, ticket: Secret?
    ) async -> BrowserSignInError? {
        do throws(BrowserSignInError) {
            _ = try await browser.finish(
                provider, state: state, code: .success(Secret("c")), issuer: nil, ticket: ticket, from: nil)
            return nil
        } catch {
            return error
        }
    }

    private func visit(_ session: Secret) async throws -> BrowserSignIn.Visit {
        try #require(try await browser.visit(session))
    }

    private func token(_ session: Secret, _ name: String = "laptop", reach: BrowserSignIn.Reach = .all)
        async throws -> String
    {
        try await browser.makeToken(
            name, life: 30 * 86_400, reach: reach, for: try await visit(session)
        ).text.revealed
    }

    @Test func aPersonMakesATokenThatTheRegistryTakes() async throws {
        try oracle.says("dora@example.com", "1")
        let session = try await arrive()
        let visit = try await visit(session)
        #expect(visit.person.account.text == "dora@example.com")
        let all = try await token(session)
        let pull = try await token(session, "robot", reach: .pull)
        let bearer = try await house.token("dora@example.com", all, scopes: ["repository:red/a:pull,push"])
        #expect(try await house.granted(bearer, ["pull", "push"], on: "red/a") == ["pull", "push"])
        #expect(try await house.granted(bearer, ["pull"], on: "blue/a").isEmpty)
        let little = try await house.token("dora@example.com", pull, scopes: ["repository:red/a:pull,push"])
        #expect(try await house.granted(little, ["pull", "push"], on: "red/a") == ["pull"])
        #expect(await house.refusal(of: "carl@example.com", all) == .wrongCredentials)
        #expect(try await browser.tokens(of: visit).map(\.name).sorted() == ["laptop", "robot"])

        let robot = try #require(try await browser.tokens(of: visit).first { $0.name == "robot" })
        try await browser.revokeToken(robot.id.description, of: visit)
        #expect(await house.refusal(of: "dora@example.com", pull) == .wrongCredentials)
        #expect(await house.refusal(ofBearer: little) != nil, "also what was issued for it")
        #expect(await house.refusal(ofBearer: bearer) == nil)
        browser.leave(session)
        let left = try await browser.visit(session)
        #expect(left == nil)
    }

    @Test func aBrowserThatWasNotSentAwayIsNotBelieved() async throws {
        try oracle.says("dora", "1")
        let mine = try #require(try await browser.begin("oracle"))
        let theirs = try #require(try await browser.begin("oracle"))
        #expect(await refusal(state: state(mine), ticket: nil) == .strange)
        #expect(await refusal(state: nil, ticket: mine.ticket) == .strange)
        #expect(await refusal(state: state(theirs), ticket: mine.ticket) == .strange, "login CSRF")
        #expect(await refusal("other", state: state(mine), ticket: mine.ticket) == .strange, "mix-up")
        #expect(await refusal("nobody", state: state(mine), ticket: mine.ticket) == .strange)
        let text = mine.ticket.revealed
        let bent = Secret((text.hasPrefix("A") ? "B" : "A") + text.dropFirst())
        #expect(await refusal(state: state(mine), ticket: bent) == .strange)
        #expect(await refusal(state: state(mine), ticket: Secret("x")) == .strange)
        house.clock.advance(601)
        #expect(await refusal(state: state(mine), ticket: mine.ticket) == .strange, "too late")
        #expect(oracle.asked == 0 && other.asked == 0, "nobody was asked")
        let nobody = try await browser.begin("nobody")
        #expect(nobody == nil)
    }

    @Test func namesOfOwnAccountsAreNobodyElses() async throws {
        try await house.add("dora")
        try oracle.says("dora", "1")
        await #expect(throws: BrowserSignInError.self) { _ = try await arrive() }

        try oracle.says("erin", "2")
        let session = try await arrive()
        let text = try await token(session)
        let bearer = try await house.token("erin", text, scopes: ["repository:red/a:pull"])
        try await house.add("erin")
        #expect(
            await house.refusal(of: "erin", text) == .wrongCredentials,
            "a person's token is not the account's")
        #expect(await house.refusal(ofBearer: bearer) != nil)
        let visit = try await browser.visit(session)
        #expect(visit == nil)
        let own = try await house.services.tokens.create(for: try AccountName("erin"), name: "own")
        try await house.services.accounts.remove(try AccountName("erin"))
        #expect(await house.refusal(of: "erin", own.text.revealed) == .wrongCredentials, "nor the other way")
    }

    @Test func aNameBelongsToWhomItFirstWasGiven() async throws {
        try oracle.says("dora", "1")
        let text = try await token(try await arrive())
        try oracle.says("dora", "2")
        await #expect(throws: BrowserSignInError.self) { _ = try await arrive() }
        try other.says("dora", "1")
        await #expect(throws: BrowserSignInError.self) { _ = try await arrive("other") }
        #expect(await house.refusal(of: "dora", text) == nil)
        // Who is called something else by now gives the old name back, with all its tokens.
        try oracle.says("doris", "1")
        _ = try await arrive()
        #expect(await house.refusal(of: "dora", text) == .wrongCredentials)
        try oracle.says("dora", "2")
        _ = try await arrive()
        #expect(await house.refusal(of: "dora", text) == .wrongCredentials, "the name is somebody else now")
    }

    @Test func whoeverLeavesLosesEverything() async throws {
        try oracle.says("dora", "1")
        let session = try await arrive()
        let text = try await token(session)
        let bearer = try await house.token("dora", text, scopes: ["repository:red/a:pull"])
        oracle.fails(.refused("You are not a member."))
        let before = oracle.asked
        try await browser.askAgain()
        #expect(oracle.asked == before, "not before the time")
        house.clock.advance(900)
        try await browser.askAgain()
        #expect(await house.refusal(of: "dora", text) == .wrongCredentials)
        #expect(await house.refusal(ofBearer: bearer) != nil)
        let visit = try await browser.visit(session)
        #expect(visit == nil)
        let left = try await house.services.tokens.list(of: try AccountName("dora"))
        #expect(left.isEmpty)
    }

    @Test func labelsAreThoseOfTheLastAnswer() async throws {
        try oracle.says("dora", "1")
        let text = try await token(try await arrive())
        let bearer = try await house.token("dora", text, scopes: ["repository:red/a:pull"])
        try oracle.says("dora", "1", groups: ["blue"])
        house.clock.advance(900)
        try await browser.askAgain()
        #expect(
            try await house.granted(bearer, ["pull"], on: "red/a").isEmpty, "also for a token from before")
        let blue = try await house.token("dora", text, scopes: ["repository:blue/a:pull"])
        #expect(try await house.granted(blue, ["pull"], on: "blue/a") == ["pull"])
    }

    @Test func aProviderThatIsAwayIsBelievedForAWhile() async throws {
        try oracle.says("dora", "1")
        let text = try await token(try await arrive())
        oracle.fails(.unavailable("no route"))
        house.clock.advance(900 + 6 * 3600 - 1)
        try await browser.askAgain()
        #expect(await house.refusal(of: "dora", text) == nil)
        #expect(browser.trouble(of: "oracle") == "no route")
        let lines = house.log.entries.map { "\($0.message) \($0.metadata)" }
        #expect(lines.contains { $0.contains("a provider cannot be asked") && $0.contains("no route") })
        house.clock.advance(1)
        #expect(await house.refusal(of: "dora", text) == .wrongCredentials, "the grace is over")
        try oracle.says("dora", "1")
        try await browser.askAgain()
        #expect(await house.refusal(of: "dora", text) == nil, "back as if nothing had been")
        #expect(browser.trouble(of: "oracle") == nil)
    }

    @Test func whoHasToSignInAnewIsSuspendedUntilThen() async throws {
        try oracle.says("dora", "1")
        let session = try await arrive()
        let text = try await token(session)
        oracle.fails(.needsBrowser("no longer taken"))
        house.clock.advance(900)
        try await browser.askAgain()
        #expect(await house.refusal(of: "dora", text) == .wrongCredentials)
        let asked = oracle.asked
        house.clock.advance(900)
        try await browser.askAgain()
        #expect(oracle.asked == asked, "nobody is asked about who has to come first")
        try oracle.says("dora", "1")
        _ = try await arrive()
        #expect(await house.refusal(of: "dora", text) == nil)
    }

    @Test func onesOwnFormsAndTokensAlone() async throws {
        try oracle.says("dora", "1")
        let dora = try await visit(try await arrive())
        try oracle.says("erin", "2")
        let session = try await arrive()
        let erin = try await visit(session)
        #expect(browser.isOwnForm(dora.formMark, of: dora))
        #expect(!browser.isOwnForm(erin.formMark, of: dora) && !browser.isOwnForm(nil, of: dora))
        let made = try await browser.makeToken("a", life: 1e9, reach: .all, for: erin)
        #expect(
            made.stored.expires == house.clock.now().addingTimeInterval(365 * 86_400), "no longer than may be"
        )
        await #expect(throws: AccountError.self) {
            try await browser.revokeToken(made.stored.id.description, of: dora)
        }
        #expect(await house.refusal(of: "erin", made.text.revealed) == nil)
        for place in 1..<BrowserSignIn.tokensMax { _ = try await token(session, "t\(place)") }
        await #expect(throws: AccountError.self) { _ = try await token(session, "one more") }
        house.clock.advance(3601)
        let ended = try await browser.visit(session)
        #expect(ended == nil, "a session ends")
    }
}
