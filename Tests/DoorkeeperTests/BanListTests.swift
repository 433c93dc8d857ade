import Contracts
import Doorkeeper
import Foundation
import ServerKit
import Testing

@Suite struct BanListTests {
    private let clock = ContractClock()
    private let store = InMemoryBans()

    private func list(failures: Int? = 3, allowed: [String] = [], watched: Int = 20_000) -> BanList {
        var settings = BanList.Settings(
            failures: failures, window: 600, time: 3600, timeMax: 86_400,
            allowed: allowed.compactMap(AddressRange.init))
        settings.watchedMax = watched
        return BanList(store, settings: settings, now: { [clock] in clock.now })
    }

    private func isBanned(_ list: BanList, _ address: String) throws -> Bool {
        list.ban(of: try #require(PlainAddress(address))) != nil
    }

    @Test func oneFailureTooManyIsABanForATime() async throws {
        let list = list()
        for _ in 0..<2 { list.noteFailure(from: "192.0.2.7") }
        #expect(try !isBanned(list, "192.0.2.7"))
        list.noteFailure(from: "192.0.2.7")
        #expect(try isBanned(list, "192.0.2.7"), "at once, before it is written down")
        #expect(try isBanned(list, "::ffff:192.0.2.7"), "however it is written")
        #expect(try !isBanned(list, "192.0.2.8"))
        await list.settle()
        #expect(try await store.bans().map { "\($0.range) \($0.count)" } == ["192.0.2.7 1"])
        clock.advance(3599)
        #expect(try isBanned(list, "192.0.2.7"))
        clock.advance(1)
        #expect(try !isBanned(list, "192.0.2.7"))
    }

    @Test func failuresOfLongAgoDoNotCount() throws {
        let list = list()
        for _ in 0..<2 { list.noteFailure(from: "192.0.2.7") }
        clock.advance(601)
        for _ in 0..<2 { list.noteFailure(from: "192.0.2.7") }
        #expect(try !isBanned(list, "192.0.2.7"))
    }

    @Test func anIPv6NetworkIsOneClient() throws {
        let list = list()
        for number in 1...3 { list.noteFailure(from: "2001:db8:1:2::\(number)") }
        #expect(try isBanned(list, "2001:db8:1:2:ffff::9"))
        #expect(try !isBanned(list, "2001:db8:1:3::1"))
    }

    @Test func whoIsAllowedIsNeverBanned() async throws {
        let list = list(allowed: ["10.0.0.0/8", "fe80::/10"])
        for _ in 0..<9 {
            list.noteFailure(from: "10.1.2.3")
            list.noteFailure(from: "fe80::1%eth0")
            list.noteFailure(from: nil)
            list.noteFailure(from: "no address")
        }
        let range = try #require(AddressRange("10.0.0.0/8"))
        try await store.save([
            Ban(range: range, since: clock.now, until: nil, reason: "by hand", isAutomatic: false)
        ])
        await list.refresh()
        #expect(try !isBanned(list, "10.1.2.3") && !isBanned(list, "fe80::1"))
    }

    @Test func eachBanLastsTwiceAsLongAsTheOneBeforeUpToTheMost() async throws {
        let list = list()
        var lengths: [Int] = []
        for _ in 0..<7 {
            for _ in 0..<3 { list.noteFailure(from: "192.0.2.7") }
            let address = try #require(PlainAddress("192.0.2.7"))
            let ban = try #require(list.ban(of: address))
            let length = try #require(ban.until).timeIntervalSince(clock.now)
            lengths.append(Int(length))
            await list.settle()
            clock.advance(length)
        }
        #expect(lengths == [3600, 7200, 14_400, 28_800, 57_600, 86_400, 86_400])
        clock.advance(86_401)
        try await list.sweep()
        await list.refresh()
        for _ in 0..<3 { list.noteFailure(from: "192.0.2.7") }
        #expect(list.ban(of: try #require(PlainAddress("192.0.2.7")))?.count == 1, "forgiven after that long")
    }

    @Test func whatOthersWriteDownCountsOnTheNextLook() async throws {
        let list = list(failures: nil)
        let range = try #require(AddressRange("198.51.100.0/24"))
        try await store.save([
            Ban(range: range, since: clock.now, until: nil, reason: "by hand", isAutomatic: false)
        ])
        await list.refresh()
        #expect(try isBanned(list, "198.51.100.200"))
        store.fail(with: StoreError(.failed, "away"))
        await list.refresh()
        #expect(try isBanned(list, "198.51.100.200"), "a store that is away frees nobody")
        store.fail(with: nil)
        _ = try await store.removeBan(of: range)
        await list.refresh()
        #expect(try !isBanned(list, "198.51.100.200"))
        for _ in 0..<500 { list.noteFailure(from: "192.0.2.7") }
        #expect(try !isBanned(list, "192.0.2.7"), "nobody is banned by himself when that is turned off")
    }

    @Test func aStoreThatIsAwayLosesNoBan() async throws {
        let list = list()
        store.fail(with: StoreError(.failed, "away"))
        for _ in 0..<3 { list.noteFailure(from: "192.0.2.7") }
        await list.settle()
        store.fail(with: nil)
        await list.settle()
        #expect(try await store.bans().count == 1)
        #expect(try isBanned(list, "192.0.2.7"))
    }

    @Test func aFloodOfAddressesDoesNotFreeTheOneThatGuesses() throws {
        let list = list(failures: 5, watched: 64)
        for _ in 0..<4 { list.noteFailure(from: "192.0.2.7") }
        for number in 0..<1000 { list.noteFailure(from: "10.0.\(number / 250).\(number % 250)") }
        list.noteFailure(from: "192.0.2.7")
        #expect(try isBanned(list, "192.0.2.7"))
    }

    @Test func theWholeStoreIsLookedUpByPrefix() throws {
        let ranges = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::/0", "2001:db8::/64"]
        let map = AddressMap(ranges.compactMap { text in AddressRange(text).map { ($0, text) } })
        #expect(
            map.values(for: try #require(PlainAddress("10.1.2.3"))).sorted() == ranges.prefix(4).sorted())
        #expect(
            map.values(for: try #require(PlainAddress("2001:db8::5"))).sorted() == ["2001:db8::/64", "::/0"])
        #expect(
            map.values(for: try #require(PlainAddress("10.9.9.9"))).sorted() == ["0.0.0.0/0", "10.0.0.0/8"])
    }
}

@Suite struct RequestBudgetTests {
    @Test func somePassAtOnceAndThenAsFastAsTheyComeBack() {
        let budget = RequestBudget<String>(perMinute: 6)
        let start = ContinuousClock.now
        for _ in 0..<6 { #expect(budget.take("a", at: start) == nil) }
        #expect(budget.take("a", at: start) == 10)
        #expect(budget.take("b", at: start) == nil, "each has one of its own")
        #expect(budget.take("a", at: start + .seconds(4)) == 6)
        #expect(budget.take("a", at: start + .seconds(10)) == nil)
        #expect(budget.take("a", at: start + .seconds(10)) == 10)
        for _ in 0..<6 { #expect(budget.take("a", at: start + .seconds(200)) == nil) }
    }

    @Test func tooManyKeysAreForgottenAndNotWaitedFor() {
        let budget = RequestBudget<Int>(perMinute: 1, countMax: 8)
        let start = ContinuousClock.now
        for key in 0..<100 { #expect(budget.take(key, at: start) == nil) }
        #expect(budget.take(99, at: start) == 60, "the last are known")
    }
}
