package import Doorkeeper
import FoundationEssentials
import ServerKit
import Testing

/// What every `BanStore` promises.
///
/// A backend's tests call this once, with a store without bans.
package func checkBanStoreContract(_ store: any BanStore) async throws {
    #expect(try await store.bans() == [], "a new store bans nobody")
    let one = try #require(AddressRange("192.0.2.7"))
    let network = try #require(AddressRange("2001:db8:1:2::/64"))
    let begin = Samples.date
    let first = Ban(
        range: one, since: begin, until: begin.addingTimeInterval(60), reason: "120 failed sign-ins",
        isAutomatic: true, count: 3)
    let second = Ban(
        range: network, since: begin.addingTimeInterval(1), until: nil, reason: "said so; 'quoted'",
        isAutomatic: false)

    let before = store.banGeneration
    try await store.save([second, first])
    #expect(store.banGeneration != before, "who has read them learns that there are others")
    #expect(try await store.bans() == [first, second], "what was saved is read, the oldest first")

    let again = Ban(
        range: one, since: begin.addingTimeInterval(2), until: begin.addingTimeInterval(120), reason: "again",
        isAutomatic: true, count: 4)
    try await store.save([again])
    #expect(try await store.bans() == [second, again], "a range is banned once")

    let byItself = Ban(
        range: network, since: begin.addingTimeInterval(3), until: begin.addingTimeInterval(63),
        reason: "4",
        isAutomatic: true)
    try await store.save([byItself])
    #expect(try await store.bans() == [second, again], "an operator's ban is not shortened")

    try await store.forgetBans(endedBefore: begin.addingTimeInterval(119))
    #expect(try await store.bans() == [second, again], "what is not that long over stays")
    try await store.forgetBans(endedBefore: begin.addingTimeInterval(121))
    #expect(try await store.bans() == [second], "and what has no end, too")

    let wider = try #require(AddressRange("2001:db8::/32"))
    #expect(try await store.removeBan(of: wider) == false, "only the very range is removed")
    let late = store.banGeneration
    #expect(try await store.removeBan(of: network))
    #expect(store.banGeneration != late)
    #expect(try await store.removeBan(of: network) == false)
    #expect(try await store.bans() == [])
}
