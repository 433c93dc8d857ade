import FoundationEssentials
import Testing

@testable import Accounts

@Suite struct BrakeTests {
    private let start = Date(timeIntervalSince1970: 1_800_000_000)

    private func brake(_ change: (inout GuessingBrake.Settings) -> Void = { _ in }) -> GuessingBrake {
        var settings = GuessingBrake.Settings()
        change(&settings)
        return GuessingBrake(settings)
    }

    /// Fails `count` times as fast as the brake lets it; returns when the last attempt was made.
    @discardableResult
    private func fail(
        _ brake: GuessingBrake, _ count: Int, _ account: String, from address: String, at start: Date
    ) -> Date {
        var moment = start
        for _ in 0..<count {
            if let wait = brake.wait(account: account, address: address, at: moment) {
                moment += TimeInterval(wait)
            }
            _ = brake.begin(account: account, address: address, at: moment)
        }
        return moment
    }

    @Test func theFirstMistakesAreFreeAndThenWaitsDouble() {
        let brake = brake()
        var waits: [Int] = []
        var moment = start
        for _ in 0..<16 {
            _ = brake.begin(account: "alice", address: "192.0.2.1", at: moment)
            let wait = brake.wait(account: "alice", address: "192.0.2.1", at: moment) ?? 0
            waits.append(wait)
            moment += TimeInterval(wait)
        }
        #expect(waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
    }

    @Test func aWaitEndsByItselfAndFailuresAreForgotten() {
        let brake = brake()
        let moment = fail(brake, 8, "alice", from: "192.0.2.1", at: start)
        #expect(brake.wait(account: "alice", address: "192.0.2.1", at: moment) == 8)
        #expect(brake.wait(account: "alice", address: "192.0.2.1", at: moment + 8) == nil)
        let later = moment + 8 + 3601
        _ = brake.begin(account: "alice", address: "192.0.2.1", at: later)
        #expect(brake.wait(account: "alice", address: "192.0.2.1", at: later) == nil)
    }

    @Test func aSuccessForgetsThePairsFailures() {
        let brake = brake()
        let moment = fail(brake, 6, "alice", from: "192.0.2.1", at: start) + 100
        brake.succeeded(brake.begin(account: "alice", address: "192.0.2.1", at: moment), at: moment)
        fail(brake, 4, "alice", from: "192.0.2.1", at: moment)
        #expect(brake.wait(account: "alice", address: "192.0.2.1", at: moment) == nil)
    }

    @Test func attemptsUnderWayCountSoThatAThousandAtOnceAreNotFree() {
        let brake = brake()
        var letThrough = 0
        for _ in 0..<1000 where brake.wait(account: "alice", address: "192.0.2.1", at: start) == nil {
            _ = brake.begin(account: "alice", address: "192.0.2.1", at: start)
            letThrough += 1
        }
        #expect(letThrough == 5)
    }

    @Test func anAttackerElsewhereDoesNotLockTheOwnerOut() {
        let brake = brake()
        brake.succeeded(brake.begin(account: "alice", address: "198.51.100.1", at: start), at: start)
        var moment = start
        for host in 0..<200 { moment = fail(brake, 5, "alice", from: "203.0.113.\(host)", at: moment) }
        #expect(brake.wait(account: "alice", address: "203.0.113.250", at: moment) != nil, "strangers wait")
        #expect(
            brake.wait(account: "alice", address: "198.51.100.1", at: moment) == nil, "the owner does not")
        let wait = brake.wait(account: "alice", address: "198.51.100.2", at: moment) ?? 0
        #expect(wait <= 15, "and from a new place only for seconds")
    }

    @Test func guessingOneAccountFromManyAddressesIsSlowed() {
        let brake = brake()
        var letThrough = 0
        for host in 0..<1000 {
            let address = "203.0.\(host / 250).\(host % 250)"
            guard brake.wait(account: "alice", address: address, at: start) == nil else { continue }
            _ = brake.begin(account: "alice", address: address, at: start)
            letThrough += 1
        }
        #expect(letThrough == 60)
    }

    @Test func guessingManyAccountsFromOneAddressIsSlowed() {
        let brake = brake()
        var letThrough = 0
        for number in 0..<1000 where brake.wait(account: "a\(number)", address: "192.0.2.1", at: start) == nil
        {
            _ = brake.begin(account: "a\(number)", address: "192.0.2.1", at: start)
            letThrough += 1
        }
        #expect(letThrough == 30)
    }

    @Test func anAccountOfOnesOwnDoesNotBuyFreeGuesses() {
        let brake = brake()
        var guesses = 0
        for _ in 0..<500 {
            if brake.wait(account: "mallory", address: "192.0.2.1", at: start) == nil {
                brake.succeeded(brake.begin(account: "mallory", address: "192.0.2.1", at: start), at: start)
            }
            guard brake.wait(account: "alice\(guesses)", address: "192.0.2.1", at: start) == nil else {
                continue
            }
            _ = brake.begin(account: "alice\(guesses)", address: "192.0.2.1", at: start)
            guesses += 1
        }
        #expect(guesses == 30)
    }

    @Test func tokensThatFailDoNotLockOutThePasswordOfTheirAccount() {
        let brake = brake()
        for _ in 0..<20 { _ = brake.begin(account: "alice", address: "192.0.2.1", isGuess: false, at: start) }
        #expect(brake.wait(account: "alice", address: "192.0.2.1", at: start) == nil)
        for _ in 0..<20 { _ = brake.begin(account: "alice", address: "192.0.2.1", isGuess: false, at: start) }
        #expect(
            brake.wait(account: "alice", address: "192.0.2.1", at: start) != nil,
            "but they do not come freely")
    }

    @Test func whatCouldNotBeDecidedIsTakenBack() {
        let brake = brake()
        for _ in 0..<100 {
            brake.withdrawn(brake.begin(account: "alice", address: "192.0.2.1", at: start))
        }
        #expect(brake.wait(account: "alice", address: "192.0.2.1", at: start) == nil)
    }

    @Test(arguments: [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::9", true), ("2001:db8:1:2::", "2001:db8:1:3::", false),
        ("::ffff:192.0.2.1", "192.0.2.1", true), ("fe80::1%eth0", "fe80::1%eth1", true),
        ("192.0.2.1", "192.0.2.2", false),
    ])
    func addressesOfOneCustomerCountTogether(left: String, right: String, expected: Bool) {
        #expect((ClientNetwork.key(for: left) == ClientNetwork.key(for: right)) == expected)
    }

    @Test func aFloodOfNamesNeitherFillsTheMemoryNorFreesTheOneThatIsGuessed() {
        var table = BrakeTable<Int>(.init(free: 2, waitMax: 900), memory: 3600, countMax: 100)
        for _ in 0..<10 { table.addFailure(-1, at: start) }
        for number in 0..<5000 { table.addFailure(number, at: start) }
        #expect(table.count <= 100)
        #expect(table.wait(for: -1, at: start) > 200)
    }
}
