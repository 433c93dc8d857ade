import ServerKit
import Synchronization
import Testing

@testable import Accounts

@Suite struct PasswordTests {
    private let hashing = CountedCrypt()
    private let threads = BlockingThreads(count: 1, queueMax: 8)

    private func hasher(cost: Int = 8, _ schemes: Set<PasswordScheme> = PasswordScheme.current)
        -> PasswordHasher
    {
        PasswordHasher(cost: cost, schemes: schemes, threads: threads, crypt: hashing.crypt)
    }

    /// "open sesame", by htpasswd and by libxcrypt through another program.
    static let known = [
        "$2y$05$Fz/J5W7gl5KCf/Y6uofEZ.zITTJ5SSGjq4rVsEefVSWZV.an/PFiy",
        "$2a$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW",
        "$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW",
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$6JlLzEdKMvGk83Zgd3owplAejssJr2SFlJFlOc7i54A",
        "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$1bPectyYMONFH17KwNrSqs6RjZgy/cr2jMERkzhGIs3",
        "$6$saltsalt$e/5XKibXPLqVcfjpD.ouauaJrAOL5V0uo80Lt7n7EbRdRiCx3HbQ90yjOHr.G0T.mx79PEMRy8nmtr0qSYhQp1",
        "$5$saltsalt$yrhPKxCqiWcCE9h0g86j6Ugz7SDFdFm.BjU.d8RaQnC",
    ]
    static let weak = ["$1$saltsalt$Yo6tRKYGO/jWyb1etwHDS/", "ab/G8gtZdMwak"]

    @Test(arguments: known) func hashesOfOtherProgramsAreUnderstood(text: String) async throws {
        let hash = PasswordHash(storedText: text)
        #expect(try await hasher().verify(Secret("open sesame"), against: hash))
        #expect(try await !hasher().verify(Secret("open sesam"), against: hash))
        #expect(try await !hasher().verify(Secret(""), against: hash))
        #expect(throws: Never.self) { try hasher().checkAccepted(hash) }
    }

    @Test(arguments: weak) func brokenSchemesCountOnlyWhereAnOperatorSaysSo(text: String) async throws {
        let hash = PasswordHash(storedText: text)
        #expect(try await !hasher().verify(Secret("open sesame"), against: hash))
        #expect(throws: AccountError.self) { try hasher().checkAccepted(hash) }
        let lenient = hasher(Set(PasswordScheme.allCases))
        #expect(try await lenient.verify(Secret("open sesame"), against: hash))
    }

    @Test(arguments: [
        "*0", "*1", "", "x", "$2y$", "$2y$99$abc", "plain text", "$9$abc$def", "!", "$2y$05$short",
    ])
    func whatIsNoHashMatchesNothing(text: String) async throws {
        let hash = PasswordHash(storedText: text)
        #expect(try await !hasher().verify(Secret(text), against: hash))
        #expect(try await !hasher().verify(Secret("open sesame"), against: hash))
        #expect(throws: AccountError.self) { try hasher().checkAccepted(hash) }
    }

    @Test func aNewHashHasTheConfiguredCostAndASaltOfItsOwn() async throws {
        let first = try await hasher(cost: 9).hash(Secret("open sesame"))
        let second = try await hasher(cost: 9).hash(Secret("open sesame"))
        #expect(first.storedText.hasPrefix("$2y$09$"))
        #expect(first != second)
        #expect(try await hasher().verify(Secret("open sesame"), against: first))
        #expect("\(first)" == "***", "a hash is not for logs")
    }

    @Test func theCostCannotBeSetToNothingOrToForever() async throws {
        #expect(try await hasher(cost: 1).hash(Secret("p")).storedText.hasPrefix("$2y$08$"))
        let endless = PasswordHash(storedText: "$2y$31$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW")
        #expect(throws: AccountError.self) { try hasher().checkAccepted(endless) }
    }

    @Test(arguments: [
        ("", "empty"), ("nul\0inside", "NUL"), (String(repeating: "x", count: 73), "72 bytes"),
        (String(repeating: "é", count: 37), "72 bytes"), (TokenText.draw(.access).revealed, "access token"),
    ])
    func aPasswordThatWouldNotBeWhatItSeemsIsRefusedWithTheReason(password: String, reason: String)
        async throws
    {
        let error = await #expect(throws: AccountError.self) { try await hasher().hash(Secret(password)) }
        #expect(error?.description.contains(reason) == true)
        #expect(error?.description.contains(password) != true || password.isEmpty)
    }

    @Test func seventyTwoBytesAreAPassword() async throws {
        let longest = Secret(String(repeating: "x", count: 72))
        #expect(try await hasher().verify(longest, against: try await hasher().hash(longest)))
    }

    @Test(arguments: [nil, "*0", known[3], known[0]] as [String?])
    func aRefusalCostsTheConfiguredHashWhateverIsStored(text: String?) async throws {
        let wrong = try await hasher().verify(
            Secret("wrong"), against: text.map(PasswordHash.init(storedText:)))
        #expect(!wrong)
        #expect(hashing.taken().contains("$2y$08$"), "somebody who measures time learns nothing")
    }

    @Test func aCurrentHashIsComputedOnceAndNotTwice() async throws {
        let hash = try await hasher().hash(Secret("open sesame"))
        _ = hashing.taken()
        _ = try await hasher().verify(Secret("wrong"), against: hash)
        #expect(hashing.taken() == ["$2y$08$"])
        _ = try await hasher().verify(Secret("wrong"), against: nil)
        #expect(hashing.taken() == ["$2y$08$"])
    }

    @Test(arguments: [
        "nul\0", String(repeating: "x", count: 512), String(repeating: "x", count: 100_000), "",
    ])
    func anImpossiblePasswordTakesTheSameTimeAsAWrongOne(password: String) async throws {
        let hash = try await hasher().hash(Secret("open sesame"))
        _ = hashing.taken()
        #expect(try await !hasher().verify(Secret(password), against: hash))
        #expect(hashing.taken() == ["$2y$08$"])
    }

    @Test func tooManyChecksAtOnceAreRefusedAndNotQueuedForever() async throws {
        let narrow = BlockingThreads(count: 1, queueMax: 1)
        let gate = Gate()
        let slow = PasswordHasher(cost: 8, schemes: PasswordScheme.current, threads: narrow) { _, _ in
            gate.pass()
            return nil
        }
        async let first = slow.verify(Secret("p"), against: nil)
        await gate.entered()
        let error = await #expect(throws: StoreError.self) {
            try await slow.verify(Secret("p"), against: nil)
        }
        #expect(error?.kind == .unavailable)
        gate.open()
        #expect(try await !first)
    }
}
