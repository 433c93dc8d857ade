import Access
import Contracts
import FoundationEssentials
import Logging
import ServerKit
import Testing

@testable import Accounts

@Suite struct SignInTests {
    @Test func theRightPasswordSignsIn() async throws {
        let house = House()
        try await house.add("alice")
        let signedIn = try await house.signIn("alice", "open sesame")
        #expect(signedIn.account.name.text == "alice")
        #expect(signedIn.bounds.isEmpty)
        #expect(house.failures.isEmpty)
    }

    /// Every way to be refused, made ready in a house; the name and the password to try.
    enum Refused: CaseIterable {
        case wrongPassword, unknown, disabled, expired, passwordless, cheapHash, noName, anonymous

        func prepare(_ house: House) async throws -> (String, String) {
            let accounts = house.services.accounts
            let alice = try await house.add("alice", self == .passwordless ? nil : "open sesame")
            switch self {
            case .wrongPassword: return ("alice", "wrong")
            case .unknown: return ("bob", "open sesame")
            case .disabled: _ = try await accounts.change(alice, .init(isDisabled: true))
            case .expired: _ = try await accounts.change(alice, .init(expires: .at(house.clock.now())))
            case .passwordless: break
            case .cheapHash:
                try await accounts.setPassword(alice, to: .hashed(.init(storedText: PasswordTests.known[0])))
                return ("alice", "wrong")
            case .noName: return ("a:b\0", "open sesame")
            case .anonymous: return ("", "open sesame")
            }
            return ("alice", "open sesame")
        }
    }

    @Test(arguments: Refused.allCases)
    func nobodyLearnsWhyTheyWereRefused(way: Refused) async throws {
        let house = House()
        let (name, password) = try await way.prepare(house)
        _ = house.hashing.taken()
        #expect(await house.refusal(of: name, password) == .wrongCredentials)
        let work = house.hashing.taken()
        #expect(work.filter { $0 == "$2y$08$" }.count == 1, "the same work is done: \(work)")
        #expect(house.failures.count == 1, "one line for each refusal")
    }

    @Test func aVerifiedPasswordIsBelievedForAWhileWithoutComputingItsHash() async throws {
        let house = House()
        try await house.add("alice")
        _ = house.hashing.taken()
        for _ in 0..<5 { _ = try await house.signIn("alice", "open sesame") }
        #expect(house.hashing.taken().count == 1)
        #expect(await house.refusal(of: "alice", "open sesamE") == .wrongCredentials)
        house.clock.advance(61)
        _ = house.hashing.taken()
        _ = try await house.signIn("alice", "open sesame")
        #expect(house.hashing.taken().count == 1, "the while is over")
    }

    @Test func theMemoryOfVerifiedPasswordsCanBeTurnedOff() async throws {
        let house = House { $0.signIn.verifiedLifetime = 0 }
        try await house.add("alice")
        _ = house.hashing.taken()
        for _ in 0..<3 { _ = try await house.signIn("alice", "open sesame") }
        #expect(house.hashing.taken().count == 3)
    }

    @Test func aChangeCountsOnTheNextSignIn() async throws {
        let house = House()
        let alice = try await house.add("alice")
        _ = try await house.signIn("alice", "open sesame")
        try await house.services.accounts.setPassword(alice, to: .plain(Secret("other")))
        #expect(await house.refusal(of: "alice", "open sesame") == .wrongCredentials)
        _ = try await house.signIn("alice", "other")
        _ = try await house.services.accounts.change(alice, .init(isDisabled: true))
        #expect(await house.refusal(of: "alice", "other") == .wrongCredentials)
        _ = try await house.services.accounts.change(
            alice, .init(expires: .at(house.clock.now() + 30), isDisabled: false))
        _ = try await house.signIn("alice", "other")
        house.clock.advance(30)
        #expect(await house.refusal(of: "alice", "other") == .wrongCredentials)
    }

    @Test func aChangeOfAnythingEmptiesTheMemory() async throws {
        let house = House()
        try await house.add("alice")
        _ = try await house.signIn("alice", "open sesame")
        try await house.add("bob")
        _ = house.hashing.taken()
        _ = try await house.signIn("alice", "open sesame")
        #expect(house.hashing.taken().count == 1)
    }

    @Test func manyWithTheSameCredentialsAtOnceAreOneCheck() async throws {
        let house = House { $0.signIn.verifiedLifetime = 0 }
        try await house.add("alice")
        _ = house.hashing.taken()
        let count = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<40 { group.addTask { (try? await house.signIn("alice", "open sesame")) != nil } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(count == 40, "nobody waits for guessing")
        #expect(house.hashing.taken().count < 40)
    }

    @Test func guessingIsSlowedWithTheSecondsToWait() async throws {
        let house = House()
        try await house.add("alice")
        for number in 0..<5 {
            #expect(await house.refusal(of: "alice", "wrong \(number)") == .wrongCredentials)
        }
        _ = house.hashing.taken()
        #expect(await house.refusal(of: "alice", "wrong") == .tooManyAttempts(retryAfter: 1))
        #expect(await house.refusal(of: "alice", "open sesame") == .tooManyAttempts(retryAfter: 1))
        #expect(house.hashing.taken().isEmpty, "what is held back costs nothing")
        #expect(house.failures.count == 5)
        house.clock.advance(1)
        _ = try await house.signIn("alice", "open sesame")
        #expect(await house.refusal(of: "alice", "wrong") == .wrongCredentials, "and it is forgotten")
    }

    @Test func anUnknownAccountIsBrakedLikeAKnownOne() async throws {
        let house = House()
        for _ in 0..<5 { _ = await house.refusal(of: "nobody", "wrong") }
        #expect(await house.refusal(of: "nobody", "wrong") == .tooManyAttempts(retryAfter: 1))
    }

    @Test func aVerifiedPasswordIsNoWayAroundTheBrake() async throws {
        let house = House()
        try await house.add("alice")
        _ = try await house.signIn("alice", "open sesame")
        for number in 0..<5 { _ = await house.refusal(of: "alice", "wrong \(number)") }
        #expect(await house.refusal(of: "alice", "open sesame") == .tooManyAttempts(retryAfter: 1))
        _ = try await house.signIn("alice", "open sesame", from: "192.0.2.8")
    }

    @Test func aStoreThatIsAwayIsNoWrongPassword() async throws {
        let house = House()
        try await house.add("alice")
        house.store.fail(with: StoreError(.unavailable, "away"))
        for _ in 0..<20 { #expect(await house.refusal(of: "alice", "open sesame") == .unavailable) }
        house.store.fail(with: nil)
        _ = try await house.signIn("alice", "open sesame")
        #expect(house.failures.isEmpty)
    }

    @Test(arguments: [
        (
            "alice\r\n2026-01-01T00:00:00Z warning homeport.accounts sign-in failed account=x client=6.6.6.6",
            "192.0.2.7"
        ),
        ("x client=6.6.6.6", "192.0.2.7"), ("\u{2028}\"}", "192.0.2.7"), ("\u{1B}[2J", "2001:db8::7"),
        (String(repeating: "x", count: 5000), "192.0.2.7"), ("", "192.0.2.7"),
        ("é=\"", "::ffff:1.2.3.4%eth0 x"),
    ])
    func nobodyForgesALineOfTheLog(name: String, address: String) async throws {
        let house = House()
        _ = await house.refusal(of: name, "wrong", from: address)
        let line = try #require(house.failures.first)
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-:%")
        for field in ["account", "client"] {
            let value = try #require(line[field].map { "\($0)" })
            #expect(!value.isEmpty && value.count <= 64 * 3 + 3 && value.allSatisfy(plain.contains))
        }
        #expect(line.count == 2)
    }

    @Test func theLineOfAFailureNamesAccountAndClient() async throws {
        let house = House()
        _ = await house.refusal(of: "alice@example.org", "wrong", from: "2001:db8::7")
        #expect(house.failures == [["account": "alice@example.org", "client": "2001:db8::7"]])
    }
}

@Suite struct AccessTokenTests {
    @Test func anAccessTokenIsThePasswordOfItsAccount() async throws {
        let house = House()
        let alice = try await house.add("alice", nil)
        let made = try await house.services.tokens.create(
            for: alice, name: "ci", scopes: ["repository:alice/*:pull"])
        let signedIn = try await house.signIn("alice", made.text.revealed)
        #expect(signedIn.account.name == alice)
        #expect(signedIn.credential == .accessToken(made.stored.id))
        #expect(signedIn.bounds == [try Scope(bound: "repository:alice/*:pull")])
        #expect(house.hashing.taken().isEmpty)
    }

    @Test func itIsStoredHashedOnly() async throws {
        let house = House()
        let alice = try await house.add("alice")
        let made = try await house.services.tokens.create(for: alice, name: "ci")
        let secret = try #require(made.text.revealed.split(separator: "_").last)
        let stored = try await house.services.tokens.list(of: alice)
        #expect(stored == [made.stored])
        #expect(!"\(stored)".contains(secret))
        #expect("\(made)".contains("***") && !"\(made)".contains(secret))
    }

    @Test func itIsGoodForNobodyElse() async throws {
        let house = House()
        let alice = try await house.add("alice")
        try await house.add("bob")
        let text = try await house.services.tokens.create(for: alice, name: "ci").text.revealed
        #expect(await house.refusal(of: "bob", text) == .wrongCredentials)
        #expect(await house.refusal(of: "", text) == .wrongCredentials)
        #expect(await house.refusal(of: "nobody", text) == .wrongCredentials)
        #expect(house.failures.count == 3)
    }

    enum Ending: CaseIterable { case revoked, expired, disabled, accountExpired, removed, otherSecret }

    @Test(arguments: Ending.allCases) func itEnds(how: Ending) async throws {
        let house = House()
        let alice = try await house.add("alice")
        let made = try await house.services.tokens.create(
            for: alice, name: "ci", expires: house.clock.now() + 3600)
        var text = made.text.revealed
        _ = try await house.signIn("alice", text)
        switch how {
        case .revoked: try await house.services.tokens.revoke(named: "ci", of: alice)
        case .expired: house.clock.advance(3600)
        case .disabled: _ = try await house.services.accounts.change(alice, .init(isDisabled: true))
        case .accountExpired:
            _ = try await house.services.accounts.change(alice, .init(expires: .at(house.clock.now())))
        case .removed:
            try await house.services.accounts.remove(alice)
            try await house.add("alice")
        case .otherSecret:
            let other = try await house.services.tokens.create(for: alice, name: "other").text.revealed
            let (first, second) = (try #require(TokenText(text)), try #require(TokenText(other)))
            text = TokenText(kind: .access, id: first.id, secret: second.secret).revealed
        }
        #expect(await house.refusal(of: "alice", text) == .wrongCredentials)
    }

    @Test func aCalendarsTokenIsNoPasswordAndAPasswordsTokenOpensNoCalendar() async throws {
        let house = House()
        let alice = try await house.add("alice")
        let calendar = try await house.services.tokens.create(.calendar, for: alice, name: "phone").text
        let access = try await house.services.tokens.create(for: alice, name: "ci").text
        #expect(await house.refusal(of: "alice", calendar.revealed) == .wrongCredentials)
        #expect(try await house.services.tokens.find(calendar, kind: .calendar)?.account.name == alice)
        #expect(try await house.services.tokens.find(access, kind: .calendar) == nil)
        #expect(try await house.services.tokens.find(Secret("nonsense"), kind: .calendar) == nil)
    }

    @Test func itsUseIsNotedNowAndThen() async throws {
        let house = House()
        let alice = try await house.add("alice")
        let made = try await house.services.tokens.create(for: alice, name: "ci")
        let first = house.clock.now()
        _ = try await house.signIn("alice", made.text.revealed)
        house.clock.advance(30)
        _ = try await house.signIn("alice", made.text.revealed)
        #expect(try await house.store.token(made.stored.id)?.lastUsed == first)
        house.clock.advance(30)
        _ = try await house.signIn("alice", made.text.revealed)
        #expect(try await house.store.token(made.stored.id)?.lastUsed == house.clock.now())
    }

    @Test(arguments: [
        ("", [String]()), ("new\nline", []), (String(repeating: "x", count: 129), []),
        ("ci", ["repository:prod/*"]), ("ci", ["repository:prod/[:pull"]), ("ci", ["REPO:x:pull"]),
        ("ci", Array(repeating: "repository:a:pull", count: 51)),
    ])
    func aTokenThatCannotBeMeantIsNotMade(name: String, scopes: [String]) async throws {
        let house = House()
        let alice = try await house.add("alice")
        await #expect(throws: AccountError.self) {
            try await house.services.tokens.create(for: alice, name: name, scopes: scopes)
        }
    }

    @Test func aTokenNeedsAnAccountAFreeNameAndAFuture() async throws {
        let house = House()
        let (alice, tokens) = (try await house.add("alice"), house.services.tokens)
        _ = try await tokens.create(for: alice, name: "ci")
        await #expect(throws: AccountError.self) { try await tokens.create(for: alice, name: "ci") }
        await #expect(throws: AccountError.self) { try await tokens.create(for: .anonymous, name: "ci") }
        await #expect(throws: AccountError.self) {
            try await tokens.create(for: AccountName("nobody"), name: "ci")
        }
        await #expect(throws: AccountError.self) {
            try await tokens.create(for: alice, name: "late", expires: house.clock.now())
        }
        await #expect(throws: AccountError.self) { try await tokens.revoke(named: "other", of: alice) }
    }
}
